import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Claim } from '../mailroom/records.ts';
import type { Host } from './host.ts';
import { pause } from './host.ts';
import type { Settled } from './outcome.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/**
 * Writes what an attempt came to, and keeps trying until the lease ends: a reply that was read and cannot be recorded must
 * not lead to a second sending (delivery.md section 9). When the lease is over, recovery decides from the stored phase.
 *
 * `stale` is not an error: recovery has already decided, and two writers with two opinions would be worse.
 */
export async function settleUntilLeaseEnds(
  claim: Claim,
  outcomes: readonly Settled[],
  parts: {
    readonly room: Pick<Async<Mailroom>, 'settle'>;
    readonly host: Host;
    /** Aborted when there is no time left to wait: the last tries are made without a pause between them. */
    readonly hurry: AbortSignal;
    /** Told at each failure: while a room cannot be written to, nothing may be claimed from it. */
    readonly troubled: () => void;
  },
): Promise<'settled' | 'stale' | 'lost'> {
  const { host, room } = parts;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await room.settle({ attemptId: claim.attemptId, now: host.now(), outcomes });
    } catch (cause) {
      parts.troubled();
      host.log({ level: 'error', event: 'settle_failed', attempt: claim.attemptId, cause: String(cause) });
    }
    if (parts.hurry.aborted || host.now() + wait >= claim.leaseUntil) return 'lost';
    await pause(host, wait, parts.hurry);
  }
}
