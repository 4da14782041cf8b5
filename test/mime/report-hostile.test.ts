import { describe, expect, it } from 'vitest';
import { readReport } from '../../src/mime/report.ts';
import { MAX_GROUPS, readGroups } from '../../src/mime/report-fields.ts';
import type { ReportMail } from '../../src/mime/report-mail.ts';
import { fastestOfThree } from './stopwatch.ts';

/** Generous: the slowest takes a tenth on an idle machine. What is forbidden is growth with the input. */
const MAX_MS = 1_000;
const MEGABYTES = 5 * 1024 * 1024;

const BOUNCE: ReportMail = {
  fields: [],
  from: [{ name: 'Mail Delivery System', address: 'mailer-daemon@mx.example' }],
  to: [{ name: '', address: 'sender@shop.example' }],
  subject: 'Undelivered mail',
  text: null,
  html: null,
  reportType: null,
  report: [],
};

function filled(pattern: string): string {
  return pattern.repeat(Math.ceil(MEGABYTES / pattern.length));
}

function read(mail: Partial<ReportMail>) {
  return readReport({ mail: { ...BOUNCE, ...mail }, envelopeFrom: '' });
}

function status(text: string): Partial<ReportMail> {
  return { report: [{ contentType: 'message/delivery-status', text }] };
}

describe('a hostile report costs bounded time', () => {
  it('message/delivery-status with 100,000 blocks gives 200 recipients', () => {
    const mail = status('Final-Recipient: rfc822; a@b.example\nAction: failed\n\n'.repeat(100_000));
    expect(read(mail)).toMatchObject({ kind: 'bounce', recipients: { length: 200 } });
    expect(fastestOfThree(() => read(mail))).toBeLessThan(MAX_MS);
  });

  it('groups of fields are read up to a number of them', () => {
    expect(readGroups('a: b\n\n'.repeat(1_000))).toHaveLength(MAX_GROUPS);
  });

  const wide = Array.from(
    { length: 300 },
    (_, i) => `Final-Recipient: rfc822; u${i}@b.example\nStatus: 5.0.0\n`,
  );
  it.each([
    ['empty lines', status(filled('\n'))],
    ['blocks of one field', status(filled('a: b\n\n'))],
    ['one long field', status(`Diagnostic-Code: ${filled('a')}`)],
    ['folds', status(`Diagnostic-Code: x\n${filled(' a\n')}`)],
    [
      'many recipients, each with words that lead the rules astray',
      status(
        wide
          .map((lines) => `${lines}Diagnostic-Code: smtp; ${'user mailbox address '.repeat(40)}\n`)
          .join('\n'),
      ),
    ],
    [
      'many recipients that all share their lines',
      { ...status(wide.join('\n')), text: filled('u1@b.example u2@b.example u3@b.example user\n') },
    ],
    ['words without an end', { text: filled('user account not deliver exceed ') }],
    ['at signs', { text: filled('a@') }],
    ['addresses', { text: filled('<a@b.example> ') }],
    ['a transcript', { text: filled('>>> RCPT To:<a@b.example>\n<<< 550 no\n') }],
    ['fields in the text', { text: filled('a: b\n') }],
    ['separators', { text: filled('--- original message ---\n') }],
    ['markup', { html: filled('<div>') }],
    ['a subject', { text: 'x', subject: filled('undeliver ') }],
    [
      'failed recipients',
      { text: 'x', fields: [{ name: 'x-failed-recipients', value: filled('a@b.example,') }] },
    ],
    [
      'a complaint',
      {
        report: [
          { contentType: 'message/feedback-report', text: filled('Original-Rcpt-To: a@b.example\n\n') },
        ],
      },
    ],
    [
      'a returned header',
      {
        report: [
          ...(status('Final-Recipient: rfc822; a@b.example').report ?? []),
          { contentType: 'message/rfc822', text: filled('Message-ID: <<<\n') },
        ],
      },
    ],
  ] satisfies readonly (readonly [string, Partial<ReportMail>])[])('%s', (_, mail) => {
    expect(fastestOfThree(() => read(mail))).toBeLessThan(MAX_MS);
  });

  it('keeps little of what is long', () => {
    const report = read(
      status(`Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: smtp; 550 ${'x'.repeat(100_000)}`),
    );
    expect(JSON.stringify(report).length).toBeLessThan(5_000);
  });
});
