import type { Phase, SmtpReply, Verdict } from '../../schemas/delivery.ts';
import { bounceOf } from './bounce.ts';
import type { Condition } from './relay.ts';
import { type Peer, type Reply, toSmtpReply } from './reply.ts';

/** How long nothing is claimed for a relay that asked for a rest. */
export const PAUSE_MS = 60_000;
/**
 * When a recipient that was put back because of a held relay is due again. The hold itself keeps it back as long as it
 * lasts; this is only how long it waits after somebody has mended the relay, and keeps a mail that the relay refuses in
 * this way again and again from doing so without a pause.
 */
export const HOLD_RETRY_MS = 60_000;

/** Where in the transaction a refusal was read. */
export interface Place {
  readonly phase: Extract<Phase, 'mail' | 'rcpt' | 'data' | 'body' | 'dot'>;
  /** True when the reply can only be about this one recipient. */
  readonly alone: boolean;
  /** Other recipients were taken in the same transaction, so that a smaller one can succeed. */
  readonly othersTaken: boolean;
  readonly peer: Peer;
}

/** What one reply means for one recipient, and what it says about the relay. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly condition: Condition;
  /** The relay takes fewer recipients at once than it was given. */
  readonly tooMany: boolean;
}

type Class =
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly reason: string; readonly suppress?: true }
  | { readonly kind: 'deferred'; readonly cause: string; readonly greylisted?: true; readonly pause?: true }
  | { readonly kind: 'back'; readonly cause: string; readonly relay: 'hold' | 'pause' }
  | { readonly kind: 'split' }
  | { readonly kind: 'unreadable' };

interface Row {
  readonly is: (reply: Facts) => boolean;
  readonly class: Class;
}

/** A reply taken apart once, for the rows below. */
interface Facts {
  readonly code: number;
  readonly phase: Place['phase'];
  /** `1.1` of `5.1.1`; null without an enhanced code. */
  readonly detail: string | null;
  /** The softer of code and enhanced code, where they contradict each other (`550 4.2.2`, `450 5.1.1`). */
  readonly severity: 4 | 5;
  readonly text: string;
  readonly alone: boolean;
}

// RFC 3463 says x.0.0 is "other": no more than no code at all, so the text rules apply there as well.
const isBare = (reply: Facts): boolean => reply.detail === null || reply.detail === '0.0';
const isHard = (reply: Facts): boolean => reply.severity === 5;
const has = (reply: Facts, ...details: readonly string[]): boolean =>
  reply.detail !== null && details.includes(reply.detail);

const USER_UNKNOWN =
  /(?:user|recipient|mailbox|address|account|person)\b.{0,60}\b(?:unknown|not found|does(?: not|n't) exist|not exist|not known)|(?:unknown|no such|invalid|non-?existent)\b.{0,20}\b(?:user|recipient|mailbox|address|account|person)|no mailbox (?:here )?by that name/i;
const GREYLIST = /gr[ae]y-?list|try again later/i;

const TOO_LARGE: Class = { kind: 'failed', reason: 'too_large' };
const MAILBOX_FULL: Class = { kind: 'deferred', cause: 'mailbox_full' };
const POLICY: Class = { kind: 'failed', reason: 'policy' };
const SENDER_REFUSED: Class = { kind: 'failed', reason: 'sender_refused' };

/** Most specific first: the first row that fits decides. */
const ROWS: readonly Row[] = [
  { is: ({ code }) => code >= 200 && code < 300, class: { kind: 'sent' } },
  // 354 where a verdict was due, or the like: complete, and meaningless.
  { is: ({ code }) => code < 400, class: { kind: 'unreadable' } },
  { is: ({ code }) => code === 421, class: { kind: 'deferred', cause: 'closing', pause: true } },
  { is: (reply) => has(reply, '5.3'), class: { kind: 'split' } },
  {
    is: (reply) => (reply.severity === 4 && has(reply, '3.1')) || reply.code === 431,
    class: { kind: 'deferred', cause: 'relay_full', pause: true },
  },
  {
    is: (reply) => isHard(reply) && ([530, 534, 535, 538].includes(reply.code) || has(reply, '7.8', '7.9')),
    class: { kind: 'back', cause: 'authentication', relay: 'hold' },
  },
  { is: (reply) => has(reply, '2.2'), class: MAILBOX_FULL },
  {
    is: (reply) =>
      (reply.code === 450 || reply.code === 451) &&
      (reply.detail?.startsWith('7.') === true || GREYLIST.test(reply.text)),
    class: { kind: 'deferred', cause: 'greylisted', greylisted: true },
  },
  { is: (reply) => !isHard(reply), class: { kind: 'deferred', cause: 'temporary' } },

  // From here on both codes say "do not ask again". A code about an address that comes in reply to MAIL is about the
  // sender: it must never put a recipient on the suppression list.
  { is: (reply) => reply.phase === 'mail' && reply.detail?.startsWith('1.') === true, class: SENDER_REFUSED },
  {
    is: (reply) => reply.alone && has(reply, '1.1', '1.2', '1.3', '1.10', '4.4'),
    class: { kind: 'failed', reason: 'user_unknown', suppress: true },
  },
  {
    // Without an enhanced code 551 is "user not local"; with one of another kind, that one is right.
    is: (reply) => reply.alone && (has(reply, '1.6') || (reply.code === 551 && isBare(reply))),
    class: { kind: 'failed', reason: 'moved', suppress: true },
  },
  { is: (reply) => has(reply, '1.7', '1.8'), class: SENDER_REFUSED },
  { is: (reply) => has(reply, '3.4', '2.3'), class: TOO_LARGE },
  { is: (reply) => reply.code === 552 && isBare(reply) && reply.phase === 'rcpt', class: MAILBOX_FULL },
  { is: (reply) => reply.code === 552 && isBare(reply), class: TOO_LARGE },
  { is: (reply) => reply.detail?.startsWith('7.') === true, class: POLICY },
  { is: (reply) => reply.detail?.startsWith('6.') === true, class: { kind: 'failed', reason: 'content' } },
  { is: (reply) => reply.detail?.startsWith('5.') === true, class: { kind: 'failed', reason: 'protocol' } },
  { is: (reply) => reply.code === 555, class: { kind: 'failed', reason: 'content' } },
  {
    is: (reply) => reply.code >= 500 && reply.code <= 504 && isBare(reply),
    class: { kind: 'failed', reason: 'protocol' },
  },
  { is: (reply) => reply.code === 553 && isBare(reply) && reply.phase === 'mail', class: SENDER_REFUSED },
  {
    is: (reply) => isBare(reply) && reply.phase === 'rcpt' && USER_UNKNOWN.test(reply.text),
    class: { kind: 'failed', reason: 'user_unknown', suppress: true },
  },
  { is: () => true, class: { kind: 'failed', reason: 'rejected' } },
];

/**
 * One reply inside a transaction, judged for one recipient (the table of delivery.md, section 7). An enhanced code
 * (RFC 3463) outranks the three digits; where they contradict each other the softer one wins.
 */
export function judge(reply: Reply, place: Place): Judgement {
  const facts = factsOf(reply, place);
  const row = ROWS.find((candidate) => candidate.is(facts));
  const smtp = toSmtpReply(reply, place.peer);
  const decided = row?.class ?? { kind: 'unreadable' };
  return act(decided, smtp, place);
}

/** What a reply that means nothing comes to: before the dot it only defers, after it nobody knows. */
export function unreadable(phase: Phase, cause: string): Judgement {
  const verdict: Verdict =
    phase === 'dot'
      ? { kind: 'unknown', cause }
      : { kind: 'deferred', phase, cause, smtp: null, greylisted: false, elsewhere: false };
  return { verdict, condition: { kind: 'failure', cause }, tooMany: false };
}

function factsOf(reply: Reply, place: Place): Facts {
  const [enhancedClass, ...detail] = reply.enhancedCode?.split('.') ?? [];
  return {
    code: reply.code,
    phase: place.phase,
    detail: enhancedClass === undefined ? null : detail.join('.'),
    severity: reply.code < 500 || enhancedClass === '4' ? 4 : 5,
    text: reply.text,
    // MAIL names no recipient: whatever is said to it, is said about the sender or the message.
    alone: place.alone && place.phase !== 'mail',
  };
}

function act(decided: Class, smtp: SmtpReply, place: Place): Judgement {
  const { phase } = place;
  const well: Condition = { kind: 'well' };
  switch (decided.kind) {
    case 'sent':
      return { verdict: { kind: 'sent', smtp }, condition: well, tooMany: false };
    case 'failed': {
      const bounce = bounceOf(smtp, 'Permanent');
      const suppress = decided.suppress === true;
      return {
        verdict: { kind: 'failed', phase, reason: decided.reason, smtp, bounce, suppress },
        condition: well,
        tooMany: false,
      };
    }
    case 'deferred': {
      // A relay that is closing has refused us, not the recipient. Not after the dot: there the row stays with its relay.
      const elsewhere = decided.cause === 'closing' && phase !== 'dot';
      const greylisted = decided.greylisted === true;
      return {
        verdict: { kind: 'deferred', phase, cause: decided.cause, smtp, greylisted, elsewhere },
        condition: decided.pause ? { kind: 'pause', cause: smtp.response, forMs: PAUSE_MS } : well,
        tooMany: false,
      };
    }
    case 'back': {
      const condition = relayCondition(decided.relay, smtp.response);
      const elsewhere = phase !== 'dot';
      return {
        verdict: { kind: 'back', phase, cause: decided.cause, retryInMs: retryAfter(condition), elsewhere },
        condition,
        tooMany: false,
      };
    }
    case 'split':
      return splitJudgement(smtp, place);
    case 'unreadable':
      return unreadable(phase, `unexpected reply ${smtp.code}`);
  }
}

/** Put back, due at once, when fewer recipients can work; a relay that refuses even the first is simply not ready. */
function splitJudgement(smtp: SmtpReply, { phase, othersTaken }: Place): Judgement {
  const cause = 'too_many_recipients';
  return {
    verdict: othersTaken
      ? { kind: 'back', phase, cause, retryInMs: 0, elsewhere: false }
      : { kind: 'deferred', phase, cause, smtp, greylisted: false, elsewhere: false },
    condition: { kind: 'well' },
    tooMany: true,
  };
}

/** A hold or a pause, with the words that are shown for it. */
export function relayCondition(kind: 'hold' | 'pause', cause: string): Condition {
  return kind === 'hold' ? { kind, cause } : { kind, cause, forMs: PAUSE_MS };
}

/** When work that is put back because of the relay's condition is due again. */
export function retryAfter(condition: Condition): number {
  return condition.kind === 'hold' ? HOLD_RETRY_MS : PAUSE_MS;
}
