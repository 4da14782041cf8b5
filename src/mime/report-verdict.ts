import type { BounceDetail } from '../../schemas/delivery.ts';
import { bounceOf } from './report-bounce.ts';
import { type Command, enhancedCodeIn, isVague, replyCodeIn } from './report-codes.ts';
import { familyOf, type Permanence, type Reason, type ReasonFamily } from './report-reason.ts';
import type { ReportAction } from './report-shape.ts';
import { deniesAccount, plainWords, reasonInWords, refusesAddress } from './report-wording.ts';

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
  readonly permanence: Permanence;
  readonly hard: boolean;
  readonly suppress: boolean;
  readonly bounce: BounceDetail | null;
}

const MAX_DIAGNOSTIC = 1_000;

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
  const isFirm = permanence !== 'temporary' || BY_DETAIL[codes.detail] === reason;
  const hard = isFailure && family === 'address' && isFirm;
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
    bounce: isFailure ? bounceOf({ reason, family, permanence, hard, diagnostic }) : null,
  };
}

/** The reply's own code is closer to the point than `Status`, which says at times only that the patience is over. */
function codesOf(evidence: Evidence): Codes {
  const { diagnostic, section, whole } = evidence;
  const declared = enhancedCodeIn(evidence.status);
  const quoted = enhancedCodeIn(diagnostic || section);
  const status = [quoted, declared].find((code) => code !== null && !isVague(code)) ?? declared ?? quoted;
  const reply = replyCodeIn(diagnostic) ?? replyCodeIn(section) ?? replyCodeIn(whole);
  const { command, address } = evidence;
  return {
    status: status ?? enhancedCodeIn(whole),
    detail: (status ?? enhancedCodeIn(whole))?.slice(2) ?? '',
    reply,
    command,
    isPersonal:
      command === 'rcpt' ||
      REFUSED_RECIPIENT.test(diagnostic || section) ||
      (reply === null ? diagnostic === '' : namesBehind(diagnostic || section, reply, address)),
  };
}

/** Words that are said to RCPT only. */
const REFUSED_RECIPIENT = /\b(?:recipient address rejected|does not like recipient)/i;

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
  const ofTheReply = plainWords(`${evidence.status} ${evidence.diagnostic || evidence.section}`);
  if (evidence.diagnosticType === 'x-unix') return ofAProgram(ofTheReply);
  const replied = inWords(ofTheReply, codes);
  const strong = BY_DETAIL[codes.detail];
  if (strong !== undefined) return byCode(strong, replied, codes);
  const nearby = inWords(plainWords(evidence.section), codes);
  if (deniesAccount(ofTheReply)) return 'user_unknown';
  const told = [replied, nearby].find((reason) => reason !== null && reason !== 'system') ?? null;
  if (told !== null) return tempered(told, codes);
  const loose = BY_LOOSER_DETAIL.find(([pattern]) => pattern.test(codes.detail))?.[1];
  if (loose !== undefined) return ofCommand(loose, codes);
  const around = inWords(plainWords(evidence.whole), codes);
  if (around !== null && around !== 'system') return tempered(around, codes);
  return replied ?? nearby ?? around ?? byReply(codes);
}

/** An address code that comes with words of another kind: the softer of the two is believed. */
function byCode(strong: Reason, replied: Reason | null, codes: Codes): Reason {
  if (familyOf(strong) !== 'address') return strong;
  const contradicts = replied !== null && SOFTER_THAN_A_CODE.has(replied);
  return contradicts ? replied : ofCommand(strong, codes);
}

const SOFTER_THAN_A_CODE: ReadonlySet<Reason> = new Set([
  'mailbox_full',
  'network',
  'relaying_denied',
  'sender_refused',
  'authentication',
  'missing_ptr',
  'greylisted',
  'too_many',
  'blocked',
  'spam',
  'virus',
]);

/** A code or word about an address, said before any recipient was named, is about the sender (RFC 5321 §3.3) or its host. */
function ofCommand(reason: Reason, { command }: Codes): Reason {
  if (familyOf(reason) !== 'address') return reason;
  if (command === 'mail') return 'sender_refused';
  return command === 'connect' || command === 'helo' ? 'blocked' : reason;
}

function inWords(words: string, codes: Codes): Reason | null {
  const isRefused = codes.reply !== null && codes.reply >= 500 && refusesAddress(words);
  // 5.4.1 is "no answer from host" (RFC 3463 §3.5); said by a host that answers, it is about the recipient.
  if (isRefused && codes.detail === '4.1') return 'user_unknown';
  return reasonInWords(words) ?? (isRefused && isBare(codes) ? 'user_unknown' : null);
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
  if (isAboutDomain(reason) && /^7\.(?!27$)/.test(codes.detail)) return 'relaying_denied';
  if (reason !== 'user_unknown') return ofCommand(reason, codes);
  if (['mail', 'connect', 'helo'].includes(codes.command ?? '')) return ofCommand(reason, codes);
  if (codes.command === 'data') return 'filtered';
  if (/^7\./.test(codes.detail) && codes.reply !== 553) return 'filtered';
  return codes.isPersonal || codes.detail.startsWith('1.') ? reason : 'filtered';
}

/**
 * `550 5.7.1 No mail is received for this domain` is said by a server that is there and does not take it: its MX may be set up
 * wrongly today. A code of policy wins over the words (delivery.md section 7), and suppresses nobody. 5.7.27 is one of a null MX
 * (RFC 7505 §4), and sendmail gives it to a recipient's.
 */
function isAboutDomain(reason: Reason): boolean {
  return reason === 'host_unknown' || reason === 'null_mx';
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
function permanenceOf({ status, reply }: Codes): Permanence {
  const isTemporary = status?.startsWith('4') === true || (reply !== null && reply < 500);
  if (isTemporary) return 'temporary';
  return status?.startsWith('5') === true || reply !== null ? 'permanent' : 'unknown';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
