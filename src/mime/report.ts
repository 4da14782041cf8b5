import { readStandard, readWords } from './report-delivery.ts';
import { readFeedback } from './report-feedback.ts';
import { type ReportCall, type ReportMail, reportPart, valueIn, wordsOf } from './report-mail.ts';
import { readProse } from './report-prose.ts';
import type { Report } from './report-shape.ts';
import { isReportInWords } from './report-signs.ts';

const STATUS = ['message/delivery-status', 'message/global-delivery-status'];
const FEEDBACK = ['message/feedback-report'];
const DISPOSITION = ['message/disposition-notification', 'message/global-disposition-notification'];

/**
 * What a mail reports about a mail of ours: that it bounced, waits or arrived (RFC 3464, and many that are not), that
 * somebody complained (RFC 5965), or that a program answered (RFC 3834). Pure, bounded, and never in error: what is not
 * understood is `not_a_report`.
 *
 * It says what the report says. Whether that is believed is another matter: anybody can write one.
 */
export function readReport(call: ReportCall): Report {
  const { mail } = call;
  const feedback = reportPart(mail, FEEDBACK);
  if (feedback !== null) return readFeedback(mail, feedback);
  if (mail.reportType === 'disposition-notification' || reportPart(mail, DISPOSITION) !== null) {
    return { kind: 'auto_reply', form: 'disposition' };
  }
  const prose = readProse(wordsOf(mail));
  const status = reportPart(mail, STATUS);
  if (status !== null) return readStandard(mail, status, prose);
  if (isReportInWords(call, prose)) {
    const text = wordsOf(mail);
    return hasFieldsOfAReport(text) ? readStandard(mail, text, prose) : readWords(mail, prose);
  }
  return isAutoReply(mail) ? { kind: 'auto_reply', form: 'reply' } : { kind: 'not_a_report' };
}

/** Some put the fields of RFC 3464 into the text. */
function hasFieldsOfAReport(text: string): boolean {
  return /^final-recipient:/im.test(text) && /^(?:status|action):/im.test(text);
}

const AUTO_SUBJECT =
  /^(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder)|out of (?:the )?office(?: auto-?reply)?)\s*:/i;

/** RFC 3834 §5, and what programs write that are older than it. */
function isAutoReply(mail: ReportMail): boolean {
  const { fields } = mail;
  const submitted = valueIn(fields, 'auto-submitted')?.toLowerCase() ?? '';
  if (submitted.startsWith('auto-replied') || submitted.startsWith('vacation')) return true;
  if (['x-autoreply', 'x-autorespond', 'x-autoresponder'].some((name) => valueIn(fields, name) !== null))
    return true;
  if (valueIn(fields, 'precedence')?.toLowerCase().startsWith('auto_reply') === true) return true;
  return AUTO_SUBJECT.test(mail.subject.slice(0, 200));
}
