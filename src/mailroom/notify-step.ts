import type { DeliveryAnswer, DeliveryStatus } from './webhook-records.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds to wait after the first, second, … failure (wire-contract.md §12.2). Eight tries in all. */
export const NOTIFY_DELAYS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  10 * HOUR,
] as const;

/** Jitter: up to a tenth longer, so that the events of one outage do not all come back in one moment. */
const JITTER_SPAN = 0.1;

/** A receiver may ask for patience, but not put an event off for ever. */
const MAX_RETRY_AFTER_MS = 10 * HOUR;

/** The statuses that speak of load or of something in between, and may say when to come again. */
const SLOW_DOWN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Standard Webhooks: the receiver wants no more of it. */
const GONE = 410;

/** What becomes of one delivery, complete: written as it stands. */
export interface NotifyStep {
  readonly status: DeliveryStatus;
  /** Tries that counted. */
  readonly attempts: number;
  readonly dueAt: number | null;
  /** What the call says about the webhook; `silent`: nothing. */
  readonly webhook: 'well' | 'failed' | 'gone' | 'silent';
}

/** What one call leads to. Pure: time and chance come in as values. */
export function notifyStep({
  answer,
  before,
  now,
  random,
}: {
  readonly answer: DeliveryAnswer;
  readonly before: { readonly status: DeliveryStatus; readonly attempts: number };
  readonly now: number;
  /** From [0, 1). */
  readonly random: number;
}): NotifyStep {
  if (answer.kind === 'withdrawn') return { ...before, dueAt: now, webhook: 'silent' };
  const attempts = before.attempts + 1;
  if (answer.kind === 'answered' && answer.status >= 200 && answer.status < 300) {
    return { status: 'success', attempts, dueAt: null, webhook: 'well' };
  }
  if (answer.kind === 'answered' && answer.status === GONE) {
    return { status: 'failed', attempts, dueAt: null, webhook: 'gone' };
  }
  const listed = NOTIFY_DELAYS_MS[attempts - 1];
  if (listed === undefined) return { status: 'failed', attempts, dueAt: null, webhook: 'failed' };
  const delay = Math.round(listed * (1 + JITTER_SPAN * random));
  return {
    status: 'attempting',
    attempts,
    dueAt: now + Math.max(delay, patienceFor(answer)),
    webhook: 'failed',
  };
}

function patienceFor(answer: DeliveryAnswer): number {
  if (answer.kind !== 'answered' || !SLOW_DOWN.has(answer.status)) return 0;
  return Math.min(answer.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
}

/** Nothing but failures for this long, and the webhook is disabled. */
const PATIENCE_MS = 5 * 24 * HOUR;

/** How a webhook stands when a call to it fails. */
export interface Failing {
  /** The first failure since the last success, or since it was enabled; null when there is none. */
  readonly failingSince: number | null;
  /** The latest failure. */
  readonly failedAt: number | null;
}

/**
 * Since when a webhook has been failing, and whether that is too long. A silence as long as our patience is no evidence:
 * one event a week must not end a webhook at its second mishap.
 */
export function stillFailing(
  { failingSince, failedAt }: Failing,
  now: number,
): { readonly since: number; readonly isTooLong: boolean } {
  const isUnbroken = failingSince !== null && failedAt !== null && now - failedAt < PATIENCE_MS;
  const since = isUnbroken ? failingSince : now;
  return { since, isTooLong: now - since >= PATIENCE_MS };
}
