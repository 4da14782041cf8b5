const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds to wait after the first, second, … failure (delivery.md §8). Twelve attempts over about 48 hours. */
export const RETRY_DELAYS_MS = [
  30 * SECOND,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  1 * HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
  20 * HOUR,
] as const;

/** Greylisting servers want a pause of five minutes or more before they know us again. */
const GREYLIST_MIN_MS = 5 * MINUTE;
const GREYLIST_MAX_MS = 10 * MINUTE;
/** A server that lost the connection after the dot needs time to have delivered, before we ask again. */
const UNKNOWN_MIN_MS = 15 * MINUTE;

/** Jitter: delays are spread over ±20 %, so that an outage does not end in one common peak. */
const JITTER_MIN = 0.8;
const JITTER_SPAN = 0.4;

/**
 * Milliseconds until the next attempt after `failures` failures (1 or more), or null when there is none left.
 *
 * @param random a number from [0, 1), drawn once; the result is stored with the row.
 */
export function retryDelay({
  failures,
  greylisted,
  random,
}: {
  readonly failures: number;
  readonly greylisted: boolean;
  readonly random: number;
}): number | null {
  const listed = RETRY_DELAYS_MS[failures - 1];
  if (listed === undefined) return null;
  const delay = Math.round(listed * (JITTER_MIN + JITTER_SPAN * random));
  if (!greylisted || delay >= GREYLIST_MIN_MS) return delay;
  return Math.round(GREYLIST_MIN_MS + (GREYLIST_MAX_MS - GREYLIST_MIN_MS) * random);
}

/** Milliseconds until the one retry of an unknown outcome: 15 minutes or more, never less. */
export function unknownDelay(random: number): number {
  return Math.round(UNKNOWN_MIN_MS * (1 + JITTER_SPAN * random));
}
