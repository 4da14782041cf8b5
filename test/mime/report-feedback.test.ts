import { describe, expect, it } from 'vitest';
import type { Complaint } from '../../src/mime/report-shape.ts';
import { reportLines, reportOf } from './report-under-test.ts';

async function complaintOf(fields: readonly string[]): Promise<Complaint> {
  const report = await reportOf(reportLines({ type: 'feedback-report', fields }));
  if (report.kind !== 'complaint') throw new Error(report.kind);
  return report;
}

describe('a complaint after RFC 5965', () => {
  it('is read with all its fields (RFC 5965 appendix B.2)', async () => {
    const complaint = await complaintOf([
      'Feedback-Type: abuse',
      'User-Agent: SomeGenerator/1.0',
      'Version: 1',
      'Original-Mail-From: <somespammer@example.net>',
      'Original-Rcpt-To: <user@example.com>',
      'Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT',
      'Reporting-MTA: dns; mail.example.com',
      'Source-IP: 192.0.2.1',
      'Reported-Domain: example.net',
      'Reported-Uri: http://example.net/earn_money.html',
      'Removal-Recipient: user@example.com',
    ]);
    expect(complaint).toEqual({
      kind: 'complaint',
      feedbackType: 'abuse',
      suppress: true,
      recipients: ['user@example.com'],
      mailFrom: 'somespammer@example.net',
      sourceIp: '192.0.2.1',
      reportedDomains: ['example.net'],
      userAgent: 'SomeGenerator/1.0',
      reportingMta: 'mail.example.com',
      envelopeId: null,
      arrivalDate: 'Thu, 8 Mar 2005 14:00:00 EDT',
      incidents: 1,
      authFailure: null,
      original: {
        messageId: '<one@shop.example>',
        fields: [
          { name: 'message-id', value: '<one@shop.example>' },
          { name: 'subject', value: 'Your order' },
        ],
      },
    });
  });

  it.each([
    ['abuse', 'abuse', true],
    ['fraud', 'fraud', true],
    ['opt-out', 'opt-out', true],
    ['ABUSE', 'abuse', true],
    ['not-spam', 'not-spam', false],
    ['auth-failure', 'auth-failure', false],
    ['virus', 'virus', false],
    ['other', 'other', false],
    ['something-new', 'other', false],
    ['__proto__', 'other', false],
  ])('of type %s is %s and suppresses: %s', async (written, feedbackType, suppress) => {
    expect(await complaintOf([`Feedback-Type: ${written}`])).toMatchObject({ feedbackType, suppress });
  });

  it('without a type is recorded and suppresses nobody', async () => {
    expect(await complaintOf(['Version: 1'])).toMatchObject({ feedbackType: 'other', suppress: false });
  });

  it('names each recipient once, and nobody where the sender of the report hides them', async () => {
    const many = await complaintOf([
      'Original-Rcpt-To: A@b.example',
      'Original-Rcpt-To: <a@b.example>',
      'Original-Rcpt-To: c@d.example',
    ]);
    expect(many.recipients).toHaveLength(2);
    const hidden = await complaintOf([
      'Original-Rcpt-To: redacted',
      'Redacted-Address: redacted@',
      'Source-IP: x.x.x.x',
    ]);
    expect(hidden).toMatchObject({ recipients: [], sourceIp: null });
  });

  it('keeps its fields together where empty lines stand between them', async () => {
    expect(await complaintOf(['Feedback-Type: abuse', '', 'Source-IP: 2001:db8::1'])).toMatchObject({
      feedbackType: 'abuse',
      sourceIp: '2001:db8::1',
    });
  });

  it('about failed authentication says which (RFC 6591)', async () => {
    const complaint = await complaintOf([
      'Feedback-Type: auth-failure',
      'Auth-Failure: bodyhash',
      'Incidents: 12',
    ]);
    expect(complaint).toMatchObject({ feedbackType: 'auth-failure', authFailure: 'bodyhash', incidents: 12 });
  });

  it.each([['-1'], ['0'], ['1e9'], ['99999999999'], ['NaN']])(
    'counts at least one incident: %s',
    async (count) => {
      expect(await complaintOf([`Incidents: ${count}`])).toMatchObject({ incidents: 1 });
    },
  );
});
