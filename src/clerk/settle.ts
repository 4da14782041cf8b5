import type { Host } from '../due/host.ts';
import { pause } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Claim } from '../mailroom/records.ts';
import type { Settled } from './outcome.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

interface WriteParts {
  readonly host: Host;
  /** Aborted when there is no time left to wait: the last tries are made without a pause between them. */
  readonly hurry: AbortSignal;
  /** Told at each failure: while a room cannot be written to, nothing may be claimed from it. */
  readonly troubled: () => void;
}

/**
 * Writes what an attempt came to, and keeps trying until the lease ends: a reply that was read and cannot be recorded must
 * not lead to a second sending (delivery.md section 9). When the lease is over, recovery decides from the stored phase.
 *
 * `stale` is not an error: recovery has already decided, and two writers with two opinions would be worse.
 */
export async function settleUntilLeaseEnds(
  claim: Claim,
  outcomes: readonly Settled[],
  parts: WriteParts & { readonly room: Pick<Async<Mailroom>, 'settle'> },
): Promise<'settled' | 'stale' | 'lost'> {
  const { attemptId, leaseUntil } = claim;
  const write = (): Promise<'settled' | 'stale'> =>
    parts.room.settle({ attemptId, now: parts.host.now(), outcomes });
  return writeUntilLeaseEnds({ id: attemptId, leaseUntil, write }, parts);
}

/** `lost`: it could not be written before the lease was over. */
export async function writeUntilLeaseEnds<T>(
  work: { readonly id: string; readonly leaseUntil: number; readonly write: () => Promise<T> },
  { host, hurry, troubled }: WriteParts,
): Promise<T | 'lost'> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await work.write();
    } catch (cause) {
      troubled();
      host.log({ level: 'error', event: 'settle_failed', attempt: work.id, cause: String(cause) });
    }
    if (hurry.aborted || host.now() + wait >= work.leaseUntil) return 'lost';
    await pause(host, wait, hurry);
  }
}
