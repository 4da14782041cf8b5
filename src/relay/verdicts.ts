import type { Verdict } from '../../schemas/delivery.ts';
import { type Judgement, judge, type Place, relayCondition, retryAfter, unreadable } from './classify.ts';
import type { OpenFailure, TransactionRecord } from './connection.ts';
import type { Condition, SubmissionResult } from './relay.ts';
import { isPositive, type Reply, toSmtpReply, type UnreadableReply } from './reply.ts';

/** What a transaction came to: one verdict for each recipient, and what is known about the relay now. */
export function resultOf(record: TransactionRecord): SubmissionResult {
  const judgements = record.recipients.map((_, place) => judgeRecipient(record, place));
  const taken = record.recipients.filter((reply) => isPositive(reply)).length;
  return {
    verdicts: judgements.map((judgement) => judgement.verdict),
    condition: judgements.map((judgement) => judgement.condition).reduce(graver),
    ...(judgements.some((judgement) => judgement.tooMany) ? { recipientsTaken: taken } : {}),
  };
}

/** What a connection that never stood comes to, for all recipients alike. Nobody was refused: nothing is `failed`. */
export function resultWithoutConnection(failure: OpenFailure, recipients: number): SubmissionResult {
  const { verdict, condition } = judgeOpening(failure);
  return { verdicts: Array.from({ length: recipients }, () => verdict), condition };
}

/** The same verdict for all, decided by us before any byte was sent. */
export function resultByUs(verdict: Verdict, recipients: number): SubmissionResult {
  return { verdicts: Array.from({ length: recipients }, () => verdict), condition: null };
}

export function judgeOpening(failure: OpenFailure): { verdict: Verdict; condition: Condition } {
  const { phase, cause, reply } = failure;
  const smtp = reply === null ? null : toSmtpReply(reply, failure.peer);
  const deferred: Verdict = { kind: 'deferred', phase, cause, smtp, greylisted: false, elsewhere: true };
  switch (failure.kind) {
    case 'withdrawn':
      return {
        verdict: { kind: 'back', phase, cause, retryInMs: 0, elsewhere: false },
        condition: { kind: 'well' },
      };
    case 'broken':
      return {
        verdict: deferred,
        condition: phase === 'tls' ? { kind: 'failure', cause, tls: true } : { kind: 'failure', cause },
      };
    case 'misconfigured':
      return putBack(failure, relayCondition('hold', cause));
    case 'refused':
      return judgeRefusal(failure, deferred);
  }
}

/**
 * A refusal before MAIL is about the relay and us. 421, and any 4yz greeting, is a deferral like every other; what stands
 * between us and the relay's service (STARTTLS, AUTH) and every 5yz puts the work back, uncounted.
 */
function judgeRefusal(failure: OpenFailure, deferred: Verdict): { verdict: Verdict; condition: Condition } {
  const code = failure.reply?.code ?? 0;
  const words = `${failure.cause}: ${code} ${failure.reply?.text ?? ''}`.trimEnd();
  const softened = failure.reply?.enhancedCode?.startsWith('4.') === true;
  if (code >= 500 && !softened) return putBack(failure, relayCondition('hold', words));
  const pause = relayCondition('pause', words);
  if (code === 421 || failure.phase === 'greeting') return { verdict: deferred, condition: pause };
  return putBack(failure, pause);
}

function putBack(failure: OpenFailure, condition: Condition): { verdict: Verdict; condition: Condition } {
  const { phase, cause } = failure;
  return {
    verdict: { kind: 'back', phase, cause, retryInMs: retryAfter(condition), elsewhere: true },
    condition,
  };
}

function judgeRecipient(record: TransactionRecord, place: number): Judgement {
  const { mail, data, early, ending } = record;
  const own = record.recipients[place] ?? null;
  const taken = record.recipients.filter((reply) => isPositive(reply)).length;
  const at = (phase: Place['phase'], alone: boolean): Place => ({
    phase,
    alone,
    othersTaken: taken > 0,
    peer: record.peer,
  });

  if (ending.kind === 'unfit') return unfit(ending.reason);
  // With pipelining RCPT is answered even though MAIL was refused: those replies only echo the refusal.
  if (mail !== null && !isPositive(mail)) return judgeReply(mail, at('mail', false));
  if (own !== null && !isPositive(own)) return judgeReply(own, at('rcpt', true));
  if (record.phase === 'dot' && isPositive(own)) {
    if (record.final !== null) return judgeReply(record.final, at('dot', taken === 1));
    return unreadable('dot', ending.kind === 'answered' ? 'no reply' : ending.cause);
  }
  if (ending.kind === 'withdrawn') return withdrawn(record, ending);
  const closing = closingReply(record);
  if (closing !== null) return judgeReply(closing, at(record.phase, false));
  if (early !== null && !isPositive(early)) return judgeReply(early, at('body', taken === 1));
  if (data !== null && data.code !== 354) return judgeReply(data, at('data', taken === 1));
  return broken(record, ending.kind === 'broken' ? ending.cause : 'protocol');
}

function judgeReply(reply: Reply | UnreadableReply, place: Place): Judgement {
  if (reply.code === null) return unreadable(place.phase, 'unreadable reply');
  const judgement = judge(reply, place);
  // Only the final dot hands a message over. Success anywhere else, in the place of a refusal, is noise.
  const misplaced = judgement.verdict.kind === 'sent' && place.phase !== 'dot';
  return misplaced ? unreadable(place.phase, `unexpected reply ${reply.code}`) : judgement;
}

/** RFC 5321 §3.8: after a 421 the connection is over for everybody in it, and the reply was read. */
function closingReply(record: TransactionRecord): Reply | null {
  const replies = [record.mail, ...record.recipients, record.data, record.early];
  return replies.find((reply): reply is Reply => reply?.code === 421) ?? null;
}

function unfit(reason: 'too_large' | 'smtputf8_unsupported'): Judgement {
  return {
    verdict: { kind: 'failed', phase: 'mail', reason, smtp: null, bounce: null, suppress: false },
    condition: { kind: 'well' },
    tooMany: false,
  };
}

function withdrawn(
  { phase }: TransactionRecord,
  { cause, retryInMs }: { readonly cause: string; readonly retryInMs: number },
): Judgement {
  return {
    verdict: { kind: 'back', phase, cause, retryInMs, elsewhere: false },
    condition: { kind: 'well' },
    tooMany: false,
  };
}

/** The next relay may be tried as long as this one has not answered MAIL. */
function broken({ phase, mail }: TransactionRecord, cause: string): Judgement {
  return {
    verdict: { kind: 'deferred', phase, cause, smtp: null, greylisted: false, elsewhere: mail === null },
    condition: { kind: 'failure', cause },
    tooMany: false,
  };
}

const GRAVITY = { well: 0, failure: 1, pause: 2, hold: 3 } as const;

function graver(one: Condition, other: Condition): Condition {
  return GRAVITY[other.kind] > GRAVITY[one.kind] ? other : one;
}
