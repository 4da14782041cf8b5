import { StoreUnavailable, WrongBytes } from './store.ts';

export interface S3Settings {
  /** Null: Amazon's own, found by the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  readonly forcePathStyle: boolean;
}

/** Runs `work` once after `ms`; answers how to prevent it. */
export type After = (ms: number, work: () => void) => () => void;

const TRIES = 3;
const BACKOFF_MS = 250;

/** For the first byte of an answer; S3 may take its time over a copy. */
const ANSWER_WITHIN_MS = 30_000;

/** The slowest way to a bucket that we wait for, 128 KiB/s, on top of the time for the answer. */
const SLOWEST_BYTES_PER_MS = 128;

/** What was named is not there. A missing bucket is not among these: that is a store out of order. */
const MISSING: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

/**
 * One request, tried again when the failure may pass. Null when what it names is not there.
 *
 * @param bytes length of the request's body
 * @throws StoreUnavailable; WrongBytes from `send` as it is
 */
export async function asked<Answer>(
  after: After,
  bytes: number,
  send: (leaving: AbortController) => Promise<Answer>,
): Promise<Answer | null> {
  const within = ANSWER_WITHIN_MS + bytes / SLOWEST_BYTES_PER_MS;
  for (let tried = 1; ; tried++) {
    const leaving = new AbortController();
    try {
      return await inTime({ after, ms: within, leaving }, send(leaving));
    } catch (cause) {
      if (cause instanceof WrongBytes) throw cause;
      const fault = faultOf(cause);
      if (fault === 'missing') return null;
      if (fault === 'final' || tried === TRIES) {
        throw new StoreUnavailable('The object store does not do what it is asked', { cause });
      }
      await new Promise<void>((resolve) => after(BACKOFF_MS * 2 ** (tried - 1), resolve));
    }
  }
}

/** Rejects when `work` takes longer, and aborts what it waits for: a socket that says nothing is not kept. */
export async function inTime<T>(
  limit: { readonly after: After; readonly ms: number; readonly leaving: AbortController },
  work: Promise<T>,
): Promise<T> {
  let cancel = (): void => {};
  const expired = new Promise<never>((_, reject) => {
    cancel = limit.after(limit.ms, () => {
      reject(new Error(`no answer within ${Math.round(limit.ms)} ms`));
      limit.leaving.abort();
    });
  });
  // When time is up first, the other's failure is nobody's.
  work.catch(() => {});
  try {
    return await Promise.race([work, expired]);
  } finally {
    cancel();
  }
}

type Fault = 'missing' | 'again' | 'final';

/** No status: the answer never came, or not to its end. A clock out of step is corrected by the client before the next try. */
function faultOf(cause: unknown): Fault {
  const { name, $metadata } = (cause ?? {}) as {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  if (name !== undefined && MISSING.has(name)) return 'missing';
  const status = $metadata?.httpStatusCode ?? 0;
  const mayPass = status < 400 || status >= 500 || status === 408 || status === 429;
  return mayPass || name === 'RequestTimeTooSkewed' ? 'again' : 'final';
}
