import { hasNullSender, type ReportCall, valueOf } from './report-mail.ts';
import type { Prose } from './report-prose.ts';

const DAEMON =
  /^(?:mailer-?daemon|post-?_?master|mail-?daemon|mail(?:er)?-?delivery|mail-?system|bounces?|(?:no-?reply|donotreply)-?bounces?|mdaemon|smtp-?gateway|delivery)(?:[-+_.][^@]*)?@/i;
const DAEMON_NAME =
  /mail(?:er)? delivery (?:sub)?system|mail delivery service|mail administrator|mail system|system administrator|mailer[- ]daemon|\bpostmaster\b|delivery (?:sub)?system/i;

const FAILED_SUBJECT =
  /^(?:re: ?)?(?:undeliver(?:able|ed)|returned (?:e-?)?mail|mail (?:delivery (?:failed|failure|problem|report)|failure|error|system error)|mail delivery failed|delivery (?:status notification|failure|failed|notification|report|has failed|problem)|failure notice|failed (?:delivery|mail)|non-?deliver(?:y|able)|message (?:undeliverable|not delivered|delivery failure|status)|could not (?:send|deliver)|unable to deliver|nondeliverable|(?:warning: )?(?:message|mail).{0,40}(?:delayed|not (?:yet )?delivered|undeliver)|delayed mail|email bounce|bounce notification|e-?mail (?:delivery|could not))|mail delivery failed\b|delivery failure|mail failure\b|delivery status notification|undelivered mail|returned to sender|cannot send message/i;

const FAILED_WORDS =
  /(?:not|n't|never|un)(?: yet)?(?: be| been| get)? ?(?:able to )?(?:be )?(?:deliver|sent|send)|undeliver|deliver\w*.{0,60}\b(?:fail\w*|delayed|problems?|rejected|impossible|error)|fail\w*.{0,40}\bdeliver|did not reach|permanent (?:fatal )?errors?|returned (?:to (?:you|sender)|below|mail)|address(?:\(es\)|es)? failed|transcript of session|was rejected|bounced|user unknown|unknown user|no such user|exceeds allowed|mailbox (?:is )?full|error message|failure reasons|(?:host|user) unknown/i;

/** Points at which words count as a report of a delivery. */
const ENOUGH = 4;

/**
 * Whether words for people report a delivery that failed or waits. No sign suffices alone: people write about failed
 * deliveries and forward reports, and answering programs use the null sender too.
 */
export function isReportInWords(call: ReportCall, prose: Prose): boolean {
  const { mail } = call;
  if (valueOf(mail.fields, 'x-failed-recipients') !== null) return true;
  const from = mail.from[0];
  const isDaemon = from !== undefined && (DAEMON.test(from.address) || DAEMON_NAME.test(from.name));
  const isNull = hasNullSender(call);
  if (!isDaemon && !isNull) return false;
  const hasSubject = FAILED_SUBJECT.test(mail.subject.slice(0, MAX_SUBJECT));
  const hasWords =
    prose.lines.some((line) => FAILED_WORDS.test(line)) ||
    FAILED_WORDS.test(prose.lines.join(' ').slice(0, MAX_WORDS));
  if (!hasSubject && !hasWords) return false;
  const points =
    (isDaemon ? 2 : 0) +
    (isNull ? 1 : 0) +
    (hasSubject ? 2 : 0) +
    (hasWords ? 2 : 0) +
    (returnsMail(call, prose) ? 1 : 0);
  return points >= ENOUGH;
}

const MAX_SUBJECT = 200;
const MAX_WORDS = 8_000;

function returnsMail({ mail }: ReportCall, prose: Prose): boolean {
  return prose.returned.length > 0 || mail.report.some(({ contentType }) => contentType.includes('rfc822'));
}
