import { readMail } from '../../bench/scores/read-mail.ts';
import { readReport } from '../../src/mime/report.ts';
import type { Report } from '../../src/mime/report-shape.ts';

/** What we make of a mail of these lines. */
export async function reportOf(lines: readonly string[], envelopeFrom: string | null = ''): Promise<Report> {
  return readReport({ mail: await readMail(Buffer.from(lines.join('\r\n'))), envelopeFrom });
}

const BOUNDARY = 'report-of-a-test';

/** A multipart/report with words for people, one machine-readable part, and the header of the returned mail. */
export function reportLines(report: {
  readonly type: 'delivery-status' | 'feedback-report' | 'disposition-notification';
  readonly words?: readonly string[];
  readonly fields: readonly string[];
  readonly returned?: readonly string[];
}): readonly string[] {
  return [
    'From: Mail Delivery System <mailer-daemon@mx.example>',
    'To: <sender@shop.example>',
    'Subject: Undelivered Mail Returned to Sender',
    `Content-Type: multipart/report; report-type=${report.type}; boundary="${BOUNDARY}"`,
    '',
    `--${BOUNDARY}`,
    'Content-Type: text/plain',
    '',
    ...(report.words ?? ['Something happened.']),
    `--${BOUNDARY}`,
    `Content-Type: message/${report.type}`,
    '',
    ...report.fields,
    `--${BOUNDARY}`,
    'Content-Type: text/rfc822-headers',
    '',
    ...(report.returned ?? ['Message-ID: <one@shop.example>', 'Subject: Your order']),
    `--${BOUNDARY}--`,
    '',
  ];
}

/** The same with the recipients named by the caller. */
export async function recipientsOf(recipients: readonly (readonly string[])[], words?: readonly string[]) {
  const fields = ['Reporting-MTA: dns; mx.example', ...recipients.flatMap((lines) => ['', ...lines])];
  const report = await reportOf(
    reportLines(
      words === undefined ? { type: 'delivery-status', fields } : { type: 'delivery-status', fields, words },
    ),
  );
  if (!('original' in report) || report.kind === 'complaint')
    throw new Error(`no delivery report: ${report.kind}`);
  return report;
}
