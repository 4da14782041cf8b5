/** A token bucket as a value: `tokens` were in it at `at`. Holds one second's worth, one token at least. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export function fullBucket(rate: number, now: number): Bucket {
  return { tokens: capacity(rate), at: now };
}

/** Whole tokens that may be taken now at `rate` per second. A clock that went back gives none and takes none. */
export function available(bucket: Bucket, rate: number, now: number): number {
  return Math.floor(filled(bucket, rate, now) + ROUNDING);
}

/** Takes tokens, into debt if need be. */
export function take(
  bucket: Bucket,
  call: { readonly count: number; readonly rate: number; readonly now: number },
): Bucket {
  return { tokens: filled(bucket, call.rate, call.now) - call.count, at: Math.max(call.now, bucket.at) };
}

/** Milliseconds until one token is there; 0 when it is. */
export function waitForOne(bucket: Bucket, rate: number, now: number): number {
  const missing = 1 - filled(bucket, rate, now);
  return missing <= ROUNDING ? 0 : Math.ceil((missing / rate) * 1000);
}

// A third of a second three times is a little less than a second in binary.
const ROUNDING = 1e-9;

function capacity(rate: number): number {
  return Math.max(rate, 1);
}

function filled({ tokens, at }: Bucket, rate: number, now: number): number {
  const elapsed = Math.max(now - at, 0);
  return Math.min(tokens + (elapsed * rate) / 1000, capacity(rate));
}
