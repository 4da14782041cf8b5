import type { Host } from '../due/host.ts';
import { pause } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Authentication } from '../mailroom/received-records.ts';
import type { ArrivalCall, Outcome } from './read-arrival.ts';

/** Longer than any reading, a wait for its turn among them, and than what it takes to write what came of it. */
export const READ_LEASE_MS = 10 * 60_000;

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** How a host reads: on the spot, in a thread, in another object. Never throws; ends soon when `signal` is aborted. */
export type ReadMailOf = (call: ArrivalCall, signal: AbortSignal) => Promise<Outcome>;

/** Asks SPF, DKIM and DMARC. Never throws. */
export type AuthenticateMailOf = (call: ArrivalCall, signal: AbortSignal) => Promise<Authentication>;

export interface ReadClaimParts {
  readonly read: ReadMailOf;
  /** Only where names can be looked up. */
  readonly authenticate?: AuthenticateMailOf;
  readonly host: Pick<Host, 'now' | 'after' | 'log'>;
  /** Breaks the reading off: then it is as if it had never been claimed. */
  readonly signal: AbortSignal;
  /** Aborted when there is no time left to wait for a room that cannot be written to. */
  readonly hurry: AbortSignal;
}

/** One claimed mail to the end: read, settled, told in the log. */
export async function readClaim(
  call: ArrivalCall & { readonly room: Pick<Async<Mailroom>, 'settleArrival'> },
  parts: ReadClaimParts,
): Promise<void> {
  const { account, claim } = call;
  const { host } = parts;
  const since = host.now();
  const outcome = await authenticated({ account, claim }, parts);
  const written = await settleUntilLeaseEnds(call, outcome, parts);
  const isWell = outcome.kind === 'read' && written === 'settled';
  host.log({
    level: isWell ? 'info' : 'warn',
    event: 'mail_read',
    account,
    received: claim.id,
    attempt: claim.attempt,
    outcome: outcome.kind,
    cause: causeOf(outcome),
    parse: outcome.kind === 'read' ? outcome.mail.parse : null,
    forwards: outcome.kind === 'read' ? outcome.forwards.length : 0,
    milliseconds: host.now() - since,
    written,
  });
}

function causeOf(outcome: Outcome): string | null {
  if (outcome.kind === 'failed') return outcome.cause;
  return outcome.kind === 'withdrawn' && outcome.isUnreadable === true ? 'raw_unreadable' : null;
}

/**
 * Where the sender's server spoke to us, we ask ourselves, and that counts: whoever may speak to us may also write the name of
 * a trusted server on top of his mail. Behind a server of one's own the peer is none that can be asked about, and its word stands.
 */
async function authenticated(call: ArrivalCall, parts: ReadClaimParts): Promise<Outcome> {
  const outcome = await parts.read(call, parts.signal);
  const isAsked = outcome.kind === 'read' && call.claim.source === 'smtp' && parts.authenticate !== undefined;
  if (!isAsked) return outcome;
  const authentication = await parts.authenticate(call, parts.signal);
  if (authentication.source === 'none') return outcome;
  return { ...outcome, mail: { ...outcome.mail, authentication } };
}

/** A mail that was read and cannot be recorded is read again; so it is worth some tries. */
async function settleUntilLeaseEnds(
  { claim, room }: ArrivalCall & { readonly room: Pick<Async<Mailroom>, 'settleArrival'> },
  outcome: Outcome,
  { host, hurry }: ReadClaimParts,
): Promise<'settled' | 'stale' | 'lost'> {
  const { claimId, leaseUntil } = claim;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await room.settleArrival({ claimId, now: host.now(), outcome });
    } catch (cause) {
      host.log({ level: 'error', event: 'reading_not_written', received: claim.id, cause: String(cause) });
    }
    if (hurry.aborted || host.now() + wait >= leaseUntil) return 'lost';
    await pause(host, wait, hurry);
  }
}
