import type { Claim } from '../mailroom/records.ts';
import type { Settled } from './outcome.ts';
import { backAll } from './outcome.ts';

/**
 * Cuts a claim down to what the relay takes at once (RFC 5321 §4.5.3.1.10). The rest is due again now, uncounted, and goes
 * with the next claim on a connection of its own: two submissions in a row would outlast the lease.
 */
export function cut(
  claim: Claim,
  most: number | null,
): { readonly now: Claim; readonly later: readonly Settled[] } {
  if (most === null || claim.recipients.length <= most) return { now: claim, later: [] };
  return {
    now: { ...claim, recipients: claim.recipients.slice(0, most) },
    later: backAll(claim.recipients.slice(most), { cause: 'too_many_recipients', retryInMs: 0 }),
  };
}
