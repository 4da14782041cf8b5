import type { ParsedField } from './parsed.ts';
import { readHeader } from './report-fields.ts';
import { type ReportMail, reportPart, valueIn } from './report-mail.ts';
import type { ReportedOriginal } from './report-shape.ts';

const RETURNED = ['message/rfc822', 'text/rfc822-headers', 'message/global', 'message/global-headers'];

/** What came back of the mail: a part of its own, else what stands below the words. */
export function originalOf(mail: ReportMail, belowTheWords: readonly ParsedField[]): ReportedOriginal {
  const part = reportPart(mail, RETURNED);
  const own = part === null ? [] : readHeader(part);
  const fields = own.length > 0 ? own : belowTheWords;
  return { messageId: messageIdOf(fields), fields };
}

function messageIdOf(fields: readonly ParsedField[]): string | null {
  const value = valueIn(fields, 'message-id');
  return value === null ? null : (/<[^<>\s]{1,996}>/.exec(value)?.[0] ?? null);
}
