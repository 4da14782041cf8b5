import { addressIn } from './report-address.ts';
import { hasNullSender, type ReportCall, valueIn } from './report-mail.ts';
import { originalOf } from './report-original.ts';
import type { Prose } from './report-prose.ts';

const DAEMON =
  /^(?:mailer-?daemon|post-?_?master|mail-?daemon|mdaemon|mail(?:er)?-?delivery)(?:[-+_.][^@]*)?@/i;
const DAEMON_NAME =
  /mail(?:er)? delivery (?:(?:sub)?system|service)|mail administrator|mail system|system administrator|mailer[- ]daemon|\bpostmaster\b/i;
const NO_REPLY = /^(?:no|do-?not)-?reply/i;

const FAILED_SUBJECT = new RegExp(
  [
    String.raw`^(?:re: ?)?(?:undeliver(?:able|ed)|non-?deliver(?:y|able)|returned (?:e-?)?mail|failure notice|delayed mail|(?:e-?mail )?bounce)\b`,
    '^(?:failed (?:delivery|mail)|could not (?:send|deliver)|unable to deliver|cannot send message)',
    String.raw`^(?:warning: )?(?:message|mail)\b.{0,40}\b(?:delayed|undeliver|undelivered|undeliverable|not (?:yet )?(?:be )?delivered|error|failure)`,
    String.raw`\bmail delivery (?:failed|failure|problem|report)|\bdelivery (?:failure|failed|has failed|problem|status notification|notification|report)\b|\bmail failure\b|undelivered mail|return(?:ed|ing)(?: (?:mail|message))? to sender|^mail failed\b`,
  ].join('|'),
  'i',
);

const FAILED_WORDS = new RegExp(
  [
    String.raw`(?:not|n't|never|unable to)(?: yet)?(?: be| been| get| able to| to be)* (?:deliver|sen[dt])|undeliver|did not reach|\bbounced\b|was rejected`,
    String.raw`deliver\w*.{0,60}\b(?:fail\w*|delayed|problems?|rejected|impossible|errors?)|fail\w*.{0,40}\bdeliver`,
    String.raw`permanent (?:fatal )?errors?|returned (?:to (?:you|sender)|below|mail)|addresse?s?(?:\(es\))? failed|transcript of session|failed addresses|failure reasons|error message`,
    '(?:user|host|recipient) unknown|unknown (?:user|recipient)|no such user|exceeds allowed|mail ?box (?:is )?full',
  ].join('|'),
  'i',
);

/** Points at which words count as a report of a delivery. */
const ENOUGH = 4;
const MAX_SUBJECT = 200;
const MAX_WORDS = 8_000;

/**
 * Whether words for people report a delivery that failed or waits. No sign suffices alone: people write about failed
 * deliveries and forward reports, couriers send "delivery failed" about parcels, and answering programs use the null
 * sender too. So the sender must be a daemon or nobody, or a program that returns the very mail of whom it tells.
 */
export function isReportInWords(call: ReportCall, prose: Prose): boolean {
  const { mail } = call;
  if (valueIn(mail.fields, 'x-failed-recipients') !== null) return true;
  const from = mail.from[0];
  const isDaemon = from !== undefined && (DAEMON.test(from.address) || DAEMON_NAME.test(from.name));
  const isNull = hasNullSender(call);
  const returned = originalOf(mail, prose.returned).fields;
  const isOurs = isProgram(call) && senderIn(returned) !== null && senderIn(returned) === toldIn(call);
  if (!isDaemon && !isNull && !isOurs) return false;
  const hasSubject = FAILED_SUBJECT.test(mail.subject.slice(0, MAX_SUBJECT));
  const hasWords = FAILED_WORDS.test(prose.lines.join(' ').slice(0, MAX_WORDS));
  if (!hasSubject && !hasWords) return false;
  const points = [
    isDaemon ? 2 : 0,
    isNull ? 1 : 0,
    isOurs ? 2 : 0,
    hasSubject ? 2 : 0,
    hasWords ? 2 : 0,
    returned.length > 0 ? 1 : 0,
  ];
  return points.reduce((sum, point) => sum + point, 0) >= ENOUGH;
}

function isProgram({ mail }: ReportCall): boolean {
  const submitted = valueIn(mail.fields, 'auto-submitted');
  return NO_REPLY.test(mail.from[0]?.address ?? '') || (submitted !== null && !/^no\b/i.test(submitted));
}

function senderIn(returned: Parameters<typeof valueIn>[0]): string | null {
  const sender = valueIn(returned, 'return-path') ?? valueIn(returned, 'from');
  return sender === null ? null : (addressIn(sender)?.toLowerCase() ?? null);
}

function toldIn({ mail }: ReportCall): string | null {
  return mail.to[0]?.address.toLowerCase() ?? null;
}
