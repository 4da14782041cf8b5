import type { ParsedField, ParsedMail } from './parsed.ts';
import { stripMarkup } from './strip-markup.ts';

/** What is looked at of a parsed mail. */
export type ReportMail = Pick<
  ParsedMail<unknown>,
  'fields' | 'from' | 'to' | 'subject' | 'text' | 'html' | 'reportType' | 'report'
>;

export interface ReportCall {
  readonly mail: ReportMail;
  /** `''` for the null sender, null when the source does not tell. */
  readonly envelopeFrom: string | null;
}

/** HTML of a report is words in boxes; the rest of a large one is pictures and styles. */
const MAX_HTML = 256 * 1024;

/** The words for people: its text, else what its HTML says. */
export function wordsOf({ text, html }: ReportMail): string {
  if (text !== null && text.trim() !== '') return text;
  return html === null ? '' : stripMarkup(html.slice(0, MAX_HTML));
}

export function valuesIn(fields: readonly ParsedField[], name: string): readonly string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value);
}

export function valueIn(fields: readonly ParsedField[], name: string): string | null {
  return fields.find((field) => field.name === name)?.value ?? null;
}

/** The first machine-readable part of a type. Some systems send UTF-8 forms of it (RFC 6533). */
export function reportPart(mail: ReportMail, types: readonly string[]): string | null {
  return mail.report.find(({ contentType }) => types.includes(contentType))?.text ?? null;
}

/** Null sender (RFC 5321 §4.5.5): of the envelope, or, where it is not told, as the last server wrote it down. */
export function hasNullSender({ mail, envelopeFrom }: ReportCall): boolean {
  const path = envelopeFrom ?? valueIn(mail.fields, 'return-path');
  return path !== null && /^\s*(?:<\s*>|<?mailer-daemon(?:@[^>]*)?>?)?\s*$/i.test(path);
}
