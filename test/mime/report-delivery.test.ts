import { describe, expect, it } from 'vitest';
import { recipientsOf, reportLines, reportOf } from './report-under-test.ts';

describe('a delivery report after RFC 3464', () => {
  it('gives each recipient its own outcome, in the order of the report (RFC 3464 appendix D.2)', async () => {
    const report = await recipientsOf([
      [
        'Original-Recipient: rfc822;arathib@vnet.ibm.example',
        'Final-Recipient: rfc822;arathib@vnet.ibm.example',
        'Action: failed',
        'Status: 5.0.0 (permanent failure)',
        "Diagnostic-Code: smtp;  550 'arathib@vnet.IBM.EXAMPLE' is not a",
        '  registered gateway user',
        'Remote-MTA: dns; vnet.ibm.example',
      ],
      [
        'Original-Recipient: rfc822;johnh@hpnjld.njd.hp.example',
        'Final-Recipient: rfc822;johnh@hpnjld.njd.hp.example',
        'Action: delayed',
        'Status: 4.0.0 (hpnjld.njd.jp.example: host name lookup failure)',
      ],
      ['Final-Recipient: rfc822;wsnell@sdcc13.ucsd.example', 'Action: delivered', 'Status: 2.1.5'],
    ]);
    expect(report).toMatchObject({
      kind: 'bounce',
      form: 'standard',
      reportingMta: 'mx.example',
      original: { messageId: '<one@shop.example>' },
      recipients: [
        {
          address: 'arathib@vnet.ibm.example',
          originalAddress: 'arathib@vnet.ibm.example',
          action: 'failed',
          status: '5.0.0',
          reply: 550,
          diagnostic: "550 'arathib@vnet.IBM.EXAMPLE' is not a registered gateway user",
          remoteMta: 'vnet.ibm.example',
          reason: 'user_unknown',
        },
        {
          address: 'johnh@hpnjld.njd.hp.example',
          action: 'delayed',
          status: '4.0.0',
          hard: false,
          bounce: null,
        },
        {
          address: 'wsnell@sdcc13.ucsd.example',
          action: 'delivered',
          status: '2.1.5',
          hard: false,
          bounce: null,
        },
      ],
    });
  });

  it.each([
    ['delayed', 'delayed'],
    ['Delivered', 'delivered'],
    ['relayed', 'relayed'],
    ['expanded (to a list)', 'relayed'],
    ['failed', 'bounce'],
  ])('is what its recipients came to: %s is %s', async (action, kind) => {
    const report = await recipientsOf([['Final-Recipient: rfc822; a@b.example', `Action: ${action}`]]);
    expect(report.kind).toBe(kind);
  });

  it('reads a recipient without a word for what happened by the class of its status', async () => {
    const report = await recipientsOf([
      ['Final-Recipient: rfc822; a@b.example', 'Status: 2.0.0'],
      ['Final-Recipient: rfc822; c@b.example', 'Status: 5.1.1'],
    ]);
    expect(report.recipients.map(({ action }) => action)).toEqual(['delivered', 'failed']);
  });

  it('tells recipients apart where the empty line between them was forgotten', async () => {
    const report = await recipientsOf([
      [
        'Final-Recipient: rfc822; a@b.example',
        'Status: 5.1.1',
        'Final-Recipient: rfc822; c@b.example',
        'Status: 5.2.2',
      ],
    ]);
    expect(report.recipients.map(({ address, reason }) => [address, reason])).toEqual([
      ['a@b.example', 'user_unknown'],
      ['c@b.example', 'mailbox_full'],
    ]);
  });

  it('names nobody where the final recipient is no address, and the original one where there is one', async () => {
    const report = await recipientsOf([
      ['Final-Recipient: unknown; nair_s', 'Action: failed'],
      ['Original-Recipient: rfc822; a@b.example', 'Final-Recipient: x-local; |/bin/reader', 'Action: failed'],
    ]);
    expect(report.recipients.map(({ address }) => address)).toEqual([null, 'a@b.example']);
  });

  it('decodes the envelope id that we gave with the mail (RFC 3461 §4)', async () => {
    const report = await reportOf(
      reportLines({
        type: 'delivery-status',
        fields: [
          'Original-Envelope-Id: QQ+2B314159',
          'Reporting-MTA: dns; mx.example',
          '',
          'Final-Recipient: rfc822; a@b.example',
          'Action: delivered',
        ],
      }),
    );
    expect(report).toMatchObject({ kind: 'delivered', envelopeId: 'QQ+314159' });
  });

  it('takes the recipient from the words, else from the returned mail, where the fields name none', async () => {
    const inWords = await recipientsOf([], ['I could not deliver to', '<a@b.example>: mailbox is full']);
    expect(inWords.recipients).toMatchObject([{ address: 'a@b.example', reason: 'mailbox_full' }]);
    const returned = await reportOf(
      reportLines({
        type: 'delivery-status',
        fields: ['Reporting-MTA: dns; mx.example'],
        returned: ['To: c@d.example'],
      }),
    );
    expect(returned).toMatchObject({ recipients: [{ address: 'c@d.example', reason: 'undefined' }] });
  });

  it('keeps the header of the returned mail in order, and none of its body', async () => {
    const report = await reportOf(
      reportLines({
        type: 'delivery-status',
        fields: ['Final-Recipient: rfc822; a@b.example', 'Action: failed'],
        returned: ['X-Token: one', 'X-Token: two', '', 'X-Token: three'],
      }),
    );
    expect(report).toMatchObject({
      original: {
        messageId: null,
        fields: [
          { name: 'x-token', value: 'one' },
          { name: 'x-token', value: 'two' },
        ],
      },
    });
  });

  it('keeps names like __proto__ apart from our own', async () => {
    const report = await recipientsOf([
      [
        'Final-Recipient: rfc822; a@b.example',
        '__proto__: x',
        'constructor: y',
        'Action: failed',
        'Status: 5.1.1',
      ],
    ]);
    expect(report.recipients).toMatchObject([{ address: 'a@b.example', hard: true }]);
  });
});

describe('a delivery report in words', () => {
  const HEADER = ['From: MAILER-DAEMON@mx.example', 'To: sender@shop.example', 'Subject: failure notice', ''];

  it('is read by the address on a line of its own and the reply behind it', async () => {
    const report = await reportOf([
      ...HEADER,
      'Hi. This is the mail program at mx.example.',
      'I could not deliver your message to the following addresses.',
      '',
      '<a@b.example>:',
      '192.0.2.1 does not like recipient.',
      'Remote host said: 550 5.1.1 <a@b.example>: no such user here',
      '',
      '<c@b.example>:',
      'Remote host said: 552 5.2.2 mailbox full',
      '',
      '--- Below this line is a copy of the message.',
      '',
      'Return-Path: <sender@shop.example>',
      'Message-ID: <one@shop.example>',
      'To: someone-else@b.example',
    ]);
    expect(report).toMatchObject({
      kind: 'bounce',
      form: 'prose',
      recipients: [
        { address: 'a@b.example', status: '5.1.1', reply: 550, reason: 'user_unknown', hard: true },
        { address: 'c@b.example', status: '5.2.2', reply: 552, reason: 'mailbox_full', hard: false },
      ],
      original: { messageId: '<one@shop.example>' },
    });
  });

  it('is delayed when it says that it is still being tried', async () => {
    const report = await reportOf([
      ...HEADER,
      'THIS IS A WARNING MESSAGE ONLY.',
      'Delivery to the following recipient has been delayed:',
      '     a@b.example',
      'Message will be retried for 2 more day(s)',
    ]);
    expect(report).toMatchObject({
      kind: 'delayed',
      recipients: [{ address: 'a@b.example', action: 'delayed' }],
    });
  });

  it('has the recipients of X-Failed-Recipients, whatever else the words name', async () => {
    const report = await reportOf([
      'X-Failed-Recipients: a@b.example, c@d.example',
      ...HEADER,
      'A message that you sent could not be delivered. Ask <help@mx.example>.',
      '  a@b.example',
      '    550 5.1.1 user unknown',
    ]);
    expect(report).toMatchObject({
      recipients: [
        { address: 'a@b.example', hard: true },
        { address: 'c@d.example', hard: false },
      ],
    });
  });

  it('has the fields of RFC 3464 where somebody put them into the text', async () => {
    const report = await reportOf([
      ...HEADER,
      'Your message could not be delivered.',
      'Reporting-MTA: dns; mx.example',
      '',
      'Final-Recipient: rfc822; a@b.example',
      'Action: failed',
      'Status: 5.1.1',
    ]);
    expect(report).toMatchObject({ form: 'standard', recipients: [{ address: 'a@b.example', hard: true }] });
  });

  it('is read from its HTML when there is nothing else', async () => {
    const report = await reportOf([
      'From: Mail Delivery System <mailer-daemon@mx.example>',
      'To: sender@shop.example',
      'Subject: Delivery failed',
      'Content-Type: text/html',
      '',
      '<p>Could not be delivered to</p><p>a@b.example</p><p>550 5.1.1 user unknown</p>',
    ]);
    expect(report).toMatchObject({
      kind: 'bounce',
      recipients: [{ address: 'a@b.example', status: '5.1.1' }],
    });
  });
});
