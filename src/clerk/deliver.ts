import type { Host } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Claim } from '../mailroom/records.ts';
import type { Compose, Composed, Sealed } from '../mime/message.ts';
import type { ReturnPaths } from '../mime/return-path.ts';
import type { ObjectStore } from '../objects/store.ts';
import { WrongBytes } from '../objects/store.ts';
import type { Condition, Envelope, Relay, Submission } from '../relay/relay.ts';
import type { Settled } from './outcome.ts';
import { asStopped, backAll, crashAll, failAll } from './outcome.ts';
import { prepare } from './prepare.ts';

/** A store that is down is asked again after this long; the recipients' attempts are not counted meanwhile. */
const STORE_RETRY_MS = 30_000;

/** An attempt while it runs: what a stop has to know about it. */
export interface Attempt {
  /** Ends the connection before the dot; after it, the wait for the reply. */
  readonly abort: AbortController;
  /** Set when phase `dot` may be on disk: from here on nobody can say that the message was not sent. */
  reachedDot: boolean;
  /** Set by a stop: the dot may not leave any more. */
  stopped: boolean;
}

export interface DeliverParts {
  readonly relay: Relay;
  readonly objects: ObjectStore;
  readonly compose: Compose;
  readonly host: Host;
  readonly account: string;
  /** With RETURN_PATH_DOMAIN: the address that reports about a recipient come back to. */
  readonly returnPaths?: Pick<ReturnPaths, 'print'>;
}

/** What is to be settled, and what the attempt said about the relay; null when the relay was not asked. */
export interface Delivered {
  readonly outcomes: readonly Settled[];
  readonly condition: Condition | null;
  /** How many recipients the relay took when it said that they were too many; else null. */
  readonly recipientsTaken: number | null;
}

/**
 * Carries one claimed message to its relay: compose, submit, and say what came of it for each recipient. Writes nothing
 * but phase `dot`. Never throws: whatever happens is an outcome.
 */
export async function deliver(
  claim: Claim,
  attempt: Attempt,
  parts: DeliverParts & { readonly room: Pick<Async<Mailroom>, 'markDot'> },
): Promise<Delivered> {
  const { email, recipients } = claim;
  // The room does not hand such mail to a relay in the clear. Held again here: this is the last door before the wire.
  if (email.tls === 'enforced' && parts.relay.clear) return unasked(failAll(recipients, 'tls_required'));
  try {
    const prepared = await prepare(email, { ...parts, hasher: parts.host.hasher });
    switch (prepared.kind) {
      case 'failed':
        return unasked(failAll(recipients, prepared.reason));
      case 'unavailable':
        return unasked(backAll(recipients, { cause: prepared.cause, retryInMs: STORE_RETRY_MS }));
      case 'ready':
        if (attempt.stopped) return unasked(backAll(recipients, { cause: 'stopping', retryInMs: 0 }));
        return await submit(claim, attempt, prepared.composed, parts);
    }
  } catch (cause) {
    parts.host.log({
      level: 'error',
      event: 'attempt_crashed',
      attempt: claim.attemptId,
      cause: String(cause),
    });
    return unasked(crashAll(recipients, attempt.reachedDot));
  }
}

async function submit(
  claim: Claim,
  attempt: Attempt,
  composed: Composed,
  parts: DeliverParts & { readonly room: Pick<Async<Mailroom>, 'markDot'> },
): Promise<Delivered> {
  const source = watched(composed, claim, parts.host);
  const submission: Submission = {
    envelope: {
      ...(await senderOf(claim, parts)),
      recipients: claim.recipients.map(({ address }) => address),
      size: composed.size,
      needsSmtpUtf8: composed.needsSmtpUtf8 ?? false,
      needs8BitMime: composed.needs8BitMime ?? false,
    },
    message: source.open,
    beforeDot: async (accepted) => {
      const sealed = await source.sealed();
      return sealed !== null && markDot(claim, attempt, accepted, { ...parts, composed: sealed });
    },
    signal: attempt.abort.signal,
  };
  const { verdicts, condition, recipientsTaken } = await parts.relay.submit(submission);
  if (source.isBroken() && !attempt.reachedDot) return unasked(failAll(claim.recipients, 'content_changed'));
  const outcomes = claim.recipients.map(({ ordinal }, place) => {
    const verdict = verdicts[place];
    if (verdict === undefined) throw new Error('The relay gave fewer verdicts than there are recipients');
    return { recipient: ordinal, outcome: attempt.stopped ? asStopped(verdict) : verdict };
  });
  // A connection that we cut ourselves says nothing about the relay.
  return {
    outcomes,
    condition: attempt.stopped ? null : condition,
    recipientsTaken: recipientsTaken ?? null,
  };
}

/**
 * The same at every attempt, for it is made from the mail and the recipient's place in it. A null sender stays one, or what
 * is passed on would answer itself.
 */
async function senderOf(
  { email, recipients }: Claim,
  { account, returnPaths }: DeliverParts,
): Promise<Pick<Envelope, 'sender' | 'reportsAs'>> {
  const [recipient, ...others] = recipients;
  if (returnPaths === undefined || email.sender === '' || recipient === undefined)
    return { sender: email.sender };
  if (others.length > 0) throw new Error('A return path belongs to one recipient');
  const { ordinal } = recipient;
  return { sender: await returnPaths.print({ account, emailId: email.id, ordinal }), reportsAs: email.id };
}

/** The one fact nobody can find out later, written before the dot leaves (delivery.md section 5, transition 9). */
async function markDot(
  claim: Claim,
  attempt: Attempt,
  accepted: readonly string[],
  parts: {
    readonly composed: Sealed;
    readonly room: Pick<Async<Mailroom>, 'markDot'>;
    readonly host: Host;
  },
): Promise<boolean> {
  if (attempt.stopped) return false;
  const wanted = new Set(accepted);
  // Before the write, not after: from the moment it is asked for, the phase may be on disk.
  attempt.reachedDot = true;
  const { version, sha256, size } = parts.composed;
  return parts.room.markDot({
    attemptId: claim.attemptId,
    recipients: claim.recipients.filter(({ address }) => wanted.has(address)).map(({ ordinal }) => ordinal),
    now: parts.host.now(),
    composed: { version, sha256, size },
  });
}

function unasked(outcomes: readonly Settled[]): Delivered {
  return { outcomes, condition: null, recipientsTaken: null };
}

/**
 * Remembers whether the bytes broke while they were read, for the relay reports that as a break like any other; and takes
 * their digest in passing where it is not known yet.
 */
function watched(
  composed: Composed,
  { email }: Claim,
  { hasher }: Pick<Host, 'hasher'>,
): {
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Once all has been read: what it was, or null when it is not what was sent before. */
  readonly sealed: () => Promise<Sealed | null>;
  readonly isBroken: () => boolean;
} {
  let broken = false;
  let digest: string | null = composed.sha256;
  return {
    isBroken: () => broken,
    async sealed() {
      if (digest === null) throw new Error('The message was not read to its end');
      const isSame = email.composed === null || email.composed.sha256 === digest;
      broken ||= !isSame;
      return isSame ? { ...composed, sha256: digest } : null;
    },
    async *open() {
      const hash = composed.sha256 === null ? hasher() : null;
      try {
        for await (const piece of composed.open()) {
          hash?.update(piece);
          yield piece;
        }
        if (hash !== null) digest = await hash.digest();
      } catch (cause) {
        broken ||= cause instanceof WrongBytes;
        throw cause;
      }
    },
  };
}
