import { describe, expect, it } from 'vitest';
import { reportLines, reportOf } from './report-under-test.ts';

const BOUNCE = [
  'A message that you sent could not be delivered. The following address failed:',
  '  a@b.example',
  '    550 5.1.1 user unknown',
];

describe('mail that is no report', () => {
  it.each([
    [
      'a person who writes about a failed delivery',
      'From: Ann <ann@b.example>\nTo: shop@shop.example\nSubject: Delivery failure',
    ],
    [
      'a person who forwards a report',
      'From: Ann <ann@b.example>\nTo: shop@shop.example\nSubject: Fwd: Returned mail',
    ],
    [
      'a courier',
      'From: Parcels <no-reply@parcels.example>\nTo: shop@shop.example\nSubject: Delivery failed',
    ],
    [
      'a list',
      'From: talk@lists.example\nList-Id: <talk.lists.example>\nPrecedence: list\nSubject: Undeliverable',
    ],
  ])('%s', async (_, header) => {
    const report = await reportOf([...header.split('\n'), '', ...BOUNCE], 'ann@b.example');
    expect(report.kind).toBe('not_a_report');
  });

  it('a mailer daemon that reports nothing', async () => {
    const report = await reportOf(
      ['From: postmaster@b.example', 'Subject: Maintenance on Sunday', '', 'We are closed.'],
      'x@b.example',
    );
    expect(report.kind).toBe('not_a_report');
  });

  it('a mail that encloses a report', async () => {
    const report = await reportOf(
      [
        'From: Ann <ann@b.example>',
        'Subject: What is this?',
        'Content-Type: multipart/mixed; boundary=outer',
        '',
        '--outer',
        '',
        'I got this from you.',
        '--outer',
        'Content-Type: message/rfc822',
        '',
        ...reportLines({
          type: 'delivery-status',
          fields: ['Final-Recipient: rfc822; a@b.example', 'Action: failed'],
        }),
        '--outer--',
      ],
      'ann@b.example',
    );
    expect(report.kind).toBe('not_a_report');
  });

  it('an empty mail, and one of nothing but line ends', async () => {
    expect(await reportOf([''])).toEqual({ kind: 'not_a_report' });
    expect(await reportOf(['', '', '', ''])).toEqual({ kind: 'not_a_report' });
  });
});

describe('an automatic reply', () => {
  it.each([
    ['Auto-Submitted: auto-replied (vacation)'],
    ['Auto-Submitted: auto-replied; owner-email="ann@b.example"'],
    ['X-Autoreply: yes'],
    ['Precedence: auto_reply'],
    ['Subject: Automatic reply: Your order'],
  ])('is known by %s', async (field) => {
    const report = await reportOf(
      ['From: ann@b.example', field, '', 'I am on holiday and cannot answer.'],
      '',
    );
    expect(report).toEqual({ kind: 'auto_reply', form: 'reply' });
  });

  it('is what a program confirms about reading (RFC 8098)', async () => {
    const fields = [
      'Final-Recipient: rfc822; a@b.example',
      'Disposition: manual-action/MDN-sent-manually; displayed',
    ];
    const report = await reportOf(reportLines({ type: 'disposition-notification', fields }));
    expect(report).toEqual({ kind: 'auto_reply', form: 'disposition' });
  });

  it('is not a bounce that a daemon wrote automatically', async () => {
    const report = await reportOf([
      'From: Mailer-Daemon@mx.example',
      'To: shop@shop.example',
      'Subject: Mail delivery failed: returning message to sender',
      'Auto-Submitted: auto-replied',
      '',
      ...BOUNCE,
    ]);
    expect(report.kind).toBe('bounce');
  });

  it('is not a receipt that a shop generates', async () => {
    const report = await reportOf(
      ['From: shop@b.example', 'Auto-Submitted: auto-generated', 'Subject: Your receipt', '', 'Thanks.'],
      'shop@b.example',
    );
    expect(report.kind).toBe('not_a_report');
  });
});
