import type { BounceDetail } from '../../schemas/delivery.ts';
import { type Command, enhancedCodeIn, isVague, replyCodeIn } from './report-codes.ts';
import { familyOf, type Reason, type ReasonFamily } from './report-reason.ts';
import type { ReportAction } from './report-shape.ts';
import { plainWords, reasonInWords, refusesAddress } from './report-wording.ts';

/** What a report says about one recipient, the closest to the point first. */
export interface Evidence {
  readonly address: string | null;
  readonly action: ReportAction;
  /** `Status`, with its comment if it has one. */
  readonly status: string;
  /** `smtp`, `x-unix`, …; null when there is no Diagnostic-Code, or none with a type. */
  readonly diagnosticType: string | null;
  readonly diagnostic: string;
  /** The lines for people that speak of this recipient. */
  readonly section: string;
  /** All lines for people; `''` where there are several recipients, since they may be about another. */
  readonly whole: string;
  readonly command: Command | null;
}

export interface Finding {
  readonly status: string | null;
  readonly reply: number | null;
  readonly diagnostic: string;
  readonly reason: Reason;
  readonly family: ReasonFamily;
  readonly permanence: 'permanent' | 'temporary' | 'unknown';
  readonly hard: boolean;
  readonly suppress: boolean;
  readonly bounce: BounceDetail | null;
}

const MAX_DIAGNOSTIC = 1_000;
const MAX_MESSAGE = 500;

interface Codes {
  readonly status: string | null;
  /** `1.1` of `5.1.1`. */
  readonly detail: string;
  readonly reply: number | null;
  readonly command: Command | null;
  /** The refusal is known to be an answer about this recipient. */
  readonly isPersonal: boolean;
}

/**
 * Judges one recipient. The reason decides, found by ordered rules; the class digit only breaks ties (delivery.md section
 * 16): of 500 outcomes of class 5 only a third are hard.
 */
export function findingOf(evidence: Evidence): Finding {
  const codes = codesOf(evidence);
  const reason = reasonOf(evidence, codes);
  const family = familyOf(reason);
  const permanence = permanenceOf(codes);
  const isFailure = evidence.action === 'failed';
  const hard = isFailure && family === 'address' && permanence !== 'temporary';
  const diagnostic = oneLine(evidence.diagnostic || evidence.section).slice(0, MAX_DIAGNOSTIC);
  return {
    status: codes.status,
    reply: codes.reply,
    diagnostic,
    reason,
    family,
    permanence,
    hard,
    suppress: hard,
    bounce: isFailure ? bounceOf({ reason, family, permanence, hard, diagnostic, codes }) : null,
  };
}

/** `Status` wins, unless it says nothing, or only that the time is over, and the reply says more. */
function codesOf(evidence: Evidence): Codes {
  const { diagnostic, section, whole } = evidence;
  const declared = enhancedCodeIn(evidence.status);
  const quoted = enhancedCodeIn(diagnostic) ?? enhancedCodeIn(section);
  const saysLittle = declared === null || isVague(declared) || declared === '4.4.7';
  const status =
    (saysLittle && quoted !== null && !isVague(quoted) ? quoted : (declared ?? quoted)) ??
    enhancedCodeIn(whole);
  const reply = replyCodeIn(diagnostic) ?? replyCodeIn(section) ?? replyCodeIn(whole);
  const { command, address } = evidence;
  return {
    status,
    detail: status?.slice(2) ?? '',
    reply,
    command,
    isPersonal: command === 'rcpt' || reply === null || namesBehind(diagnostic || section, reply, address),
  };
}

/** Whether the reply itself names the address: `550 <a@b.example>: User unknown`. */
function namesBehind(text: string, reply: number, address: string | null): boolean {
  const at = text.indexOf(String(reply));
  return address !== null && at >= 0 && text.slice(at).toLowerCase().includes(address.toLowerCase());
}

const BY_DETAIL: Readonly<Record<string, Reason>> = {
  '1.1': 'user_unknown',
  '1.2': 'host_unknown',
  '1.3': 'user_unknown',
  '1.6': 'moved',
  '1.7': 'sender_refused',
  '1.8': 'sender_refused',
  '2.2': 'mailbox_full',
  '2.3': 'too_large',
  '3.4': 'too_large',
  '4.4': 'host_unknown',
  '7.20': 'authentication',
  '7.21': 'authentication',
  '7.22': 'authentication',
  '7.23': 'authentication',
  '7.24': 'authentication',
  '7.25': 'missing_ptr',
  '7.26': 'authentication',
};

/** Codes that leave room: asked when the words of the reply are silent. */
const BY_LOOSER_DETAIL: readonly (readonly [RegExp, Reason])[] = [
  [/^1\.0$/, 'user_unknown'],
  [/^1\.10$/, 'null_mx'],
  [/^2\.1$/, 'suspended'],
  [/^2\.4$/, 'user_unknown'],
  [/^3\.1$/, 'system'],
  [/^3\.2$/, 'too_many'],
  [/^4\.7$/, 'expired'],
  [/^4\.[1235]$/, 'network'],
  [/^4\.6$/, 'system'],
  [/^5\.3$/, 'too_many'],
  [/^5\.[1-9]/, 'protocol'],
  [/^6\./, 'content'],
  [/^7\./, 'policy'],
];

function reasonOf(evidence: Evidence, codes: Codes): Reason {
  const ofTheReply = plainWords(`${evidence.status} ${evidence.diagnostic}`);
  if (evidence.diagnosticType === 'x-unix') return ofAProgram(ofTheReply);
  const strong = BY_DETAIL[codes.detail];
  if (strong !== undefined) return strong;
  let vague: Reason | null = null;
  for (const words of [ofTheReply, plainWords(evidence.section)]) {
    const reason = inWords(words, codes);
    if (reason !== null && reason !== 'system') return tempered(reason, codes);
    vague ??= reason;
  }
  const loose = BY_LOOSER_DETAIL.find(([pattern]) => pattern.test(codes.detail))?.[1];
  if (loose !== undefined) return loose;
  const around = inWords(plainWords(evidence.whole), codes);
  if (around !== null && around !== 'system') return tempered(around, codes);
  return vague ?? around ?? byReply(codes);
}

function inWords(words: string, codes: Codes): Reason | null {
  const reason = reasonInWords(words);
  if (reason !== null) return reason;
  const isRefused = codes.reply !== null && codes.reply >= 500 && isBare(codes);
  return isRefused && refusesAddress(words) ? 'user_unknown' : null;
}

/** A program on the last host was run for this recipient, so there is one: whatever its words, they are its own matter. */
function ofAProgram(words: string): Reason {
  return reasonInWords(words) === 'mailbox_full' ? 'mailbox_full' : 'system';
}

/**
 * "User unknown" is not always about the user. Said to DATA it follows a recipient that was taken; said with a code of
 * another kind (5.7.1) it is a filter's excuse, unless the reply is 553, which names the address (RFC 5321 §4.2.2); and
 * where a bare 550 is quoted, nobody knows what it answered. To suppress an address takes more.
 */
function tempered(reason: Reason, codes: Codes): Reason {
  if (reason !== 'user_unknown') return reason;
  if (codes.command === 'data') return 'filtered';
  if (/^7\./.test(codes.detail) && codes.reply !== 553) return 'filtered';
  return codes.isPersonal || /^[12]\.\d/.test(codes.detail) ? reason : 'filtered';
}

function isBare(codes: Codes): boolean {
  return codes.detail === '' || codes.detail === '0.0' || codes.detail.startsWith('1.');
}

function byReply({ reply, status, command }: Codes): Reason {
  if (reply === 556) return 'null_mx'; // RFC 7504, RFC 7505
  if (reply === 551 && command !== 'data') return 'moved';
  if (reply === 552) return command === 'data' || command === 'mail' ? 'too_large' : 'mailbox_full';
  if (reply !== null && reply >= 500 && reply <= 504) return 'protocol';
  if (reply === 521 || (reply === 554 && command === 'connect')) return 'blocked';
  if (reply === 421) return command === 'connect' ? 'blocked' : 'network';
  if (reply !== null) return reply >= 500 ? 'rejected' : 'system';
  return status === null ? 'undefined' : status.startsWith('5') ? 'rejected' : 'system';
}

/** Where status and reply contradict each other (`550 4.2.2`) the softer one wins (delivery.md section 7). */
function permanenceOf({ status, reply }: Codes): Finding['permanence'] {
  const isTemporary = status?.startsWith('4') === true || (reply !== null && reply < 500);
  if (isTemporary) return 'temporary';
  return status?.startsWith('5') === true || reply !== null ? 'permanent' : 'unknown';
}

interface Judged {
  readonly reason: Reason;
  readonly family: ReasonFamily;
  readonly permanence: Finding['permanence'];
  readonly hard: boolean;
  readonly diagnostic: string;
  readonly codes: Codes;
}

function bounceOf(judged: Judged): BounceDetail {
  const { diagnostic } = judged;
  return {
    type: typeOf(judged),
    subType: subTypeOf(judged),
    message: diagnostic === '' ? 'The message was not delivered.' : diagnostic.slice(0, MAX_MESSAGE),
    diagnosticCode: diagnostic === '' ? [] : [`smtp; ${diagnostic}`],
  };
}

/** A full mailbox and an expired queue are for now, whatever the digit; what was refused for what it is, for good. */
function typeOf({ reason, family, permanence, hard }: Judged): BounceDetail['type'] {
  if (hard) return 'Permanent';
  if (permanence === 'temporary') return 'Transient';
  if (family === 'mailbox' || family === 'transport') return 'Transient';
  return reason === 'undefined' ? 'Undetermined' : 'Permanent';
}

function subTypeOf({ reason, diagnostic }: Judged): BounceDetail['subType'] {
  switch (reason) {
    case 'user_unknown':
      return 'NoEmail';
    case 'mailbox_full':
      return 'MailboxFull';
    case 'too_large':
      return 'MessageTooLarge';
    case 'content':
    case 'virus':
    case 'spam':
      return /attach/i.test(diagnostic) ? 'AttachmentRejected' : 'ContentRejected';
    case 'undefined':
      return 'Undetermined';
    default:
      return 'General';
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
