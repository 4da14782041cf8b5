import { describe, expect, test } from 'vitest';
import { readMail } from '../../bench/scores/read-mail.ts';

/** The lines as they would come, with CRLF. */
function lines(...all: readonly string[]): Buffer {
  return Buffer.from(all.join('\r\n'), 'latin1');
}

describe('the header', () => {
  test('gives the people, subject, date and identifiers of RFC 5322 appendix A.1.1', async () => {
    const mail = await readMail(
      lines(
        'From: John Doe <jdoe@machine.example>',
        'Sender: Michael Jones <mjones@machine.example>',
        'To: Mary Smith <mary@example.net>',
        'Cc: A Group:Ed Jones <joe@where.test>,john@doe.test;',
        'Reply-To: "Mary Smith: Personal Account" <smith@home.example>',
        'Subject: Saying Hello',
        'Date: Fri, 21 Nov 1997 09:55:06 -0600',
        'Message-ID: <1234@local.machine.example>',
        'In-Reply-To: <3456@example.net>',
        'References: <1@example.net>',
        ' <3456@example.net>',
        '',
        'This is a message just to say hello.',
      ),
    );
    expect(mail).toMatchObject({
      parse: 'full',
      limits: [],
      repeated: [],
      from: [{ name: 'John Doe', address: 'jdoe@machine.example' }],
      sender: { name: 'Michael Jones', address: 'mjones@machine.example' },
      to: [{ name: 'Mary Smith', address: 'mary@example.net' }],
      cc: [
        { name: 'Ed Jones', address: 'joe@where.test' },
        { name: '', address: 'john@doe.test' },
      ],
      bcc: [],
      replyTo: [{ name: 'Mary Smith: Personal Account', address: 'smith@home.example' }],
      subject: 'Saying Hello',
      date: Date.UTC(1997, 10, 21, 15, 55, 6),
      messageId: '<1234@local.machine.example>',
      inReplyTo: '<3456@example.net>',
      references: ['<1@example.net>', '<3456@example.net>'],
      text: 'This is a message just to say hello.',
      html: null,
      attachments: [],
    });
  });

  test('that is missing altogether leaves a mail of which nothing is known but its text', async () => {
    const mail = await readMail(lines('', 'only this'));
    expect(mail).toMatchObject({ from: [], sender: null, subject: '', date: null, messageId: null });
    expect(mail.text).toBe('only this');
  });

  test('of nothing at all is read too', async () => {
    expect(await readMail(Buffer.alloc(0))).toMatchObject({ parse: 'full', subject: '', attachments: [] });
  });

  test('is joined by name, in lower case, in the order of the mail', async () => {
    const { headers, fields } = await readMail(
      lines('Received: from a', 'X-Two: =?utf-8?q?=C3=BC?=', 'RECEIVED: from b', ' by c', '', ''),
    );
    expect({ ...headers }).toEqual({ received: 'from a, from b by c', 'x-two': 'ü' });
    expect(fields).toEqual([
      { name: 'received', value: 'from a' },
      { name: 'x-two', value: '=?utf-8?q?=C3=BC?=' },
      { name: 'received', value: 'from b by c' },
    ]);
  });

  test('keeps encoded words of address fields as they stand, where decoded they could be read as an address', async () => {
    const { headers, from } = await readMail(
      lines('From: =?utf-8?q?=3Ca=40evil.example=3E?= <b@c.example>', '', ''),
    );
    expect(headers['from']).toBe('=?utf-8?q?=3Ca=40evil.example=3E?= <b@c.example>');
    expect(from).toEqual([{ name: '<a@evil.example>', address: 'b@c.example' }]);
  });

  test('passes over lines that are no field, and over the first line of an mbox', async () => {
    const mail = await readMail(
      lines('From a@b.example Mon Jan 1', 'no field', ' of this', 'Subject: yes', '', 'x'),
    );
    expect(mail).toMatchObject({ subject: 'yes', text: 'x' });
    expect(Object.keys(mail.headers)).toEqual(['subject']);
  });

  test('decodes 8-bit fields as UTF-8, else as the rest of the mail, else as windows-1252', async () => {
    const utf8 = await readMail(Buffer.from('Subject: Grüße\r\n\r\n'));
    expect(utf8.subject).toBe('Grüße');
    const latin = await readMail(lines('Subject: Gr\xfc\xdfe', '', ''));
    expect(latin.subject).toBe('Grüße');
    const korean = await readMail(
      lines('Subject: \xb0\xa1', 'Content-Type: text/plain; charset=euc-kr', '', '\xb0\xa1'),
    );
    expect(korean).toMatchObject({ subject: '가', text: '가' });
  });

  test('is read where every line ends with a lone CR, and where lone CRs are data', async () => {
    const mac = await readMail(Buffer.from('Subject: mac\rTo: a@b.example\r\rone\rtwo'));
    expect(mac).toMatchObject({ subject: 'mac', text: 'one\ntwo', to: [{ address: 'a@b.example' }] });
    const doubled = await readMail(Buffer.from('Subject: two\r\r\nTo: a@b.example\r\r\n\r\r\nbody'));
    expect(doubled).toMatchObject({ subject: 'two', text: 'body', to: [{ address: 'a@b.example' }] });
    const hidden = await readMail(lines('Subject: x\rFrom: evil@c.example', 'From: a@b.example', '', ''));
    expect(hidden.from).toEqual([{ name: '', address: 'a@b.example' }]);
  });

  test('says of automatic mail what it is', async () => {
    const auto = async (...header: readonly string[]) => (await readMail(lines(...header, '', ''))).auto;
    expect(await auto('From: a@b.example')).toEqual({ reply: false, bounce: false, list: false });
    expect(await auto('Auto-Submitted: no')).toMatchObject({ reply: false });
    expect(await auto('Auto-Submitted: auto-replied (vacation)')).toMatchObject({ reply: true });
    expect(await auto('X-Auto-Response-Suppress: All')).toMatchObject({ reply: true });
    expect(await auto('From: MAILER-DAEMON@b.example')).toMatchObject({ bounce: true });
    expect(await auto('Return-Path: <>')).toMatchObject({ bounce: true });
    expect(await auto('Content-Type: multipart/report; boundary=x')).toMatchObject({ bounce: true });
    expect(await auto('List-Id: <x.example>')).toMatchObject({ list: true });
    expect(await auto('Precedence: bulk')).toMatchObject({ list: true });
  });
});

describe('the parts', () => {
  test('of an alternative are its text and its HTML', async () => {
    const mail = await readMail(
      lines(
        'Content-Type: multipart/alternative; boundary="x"',
        '',
        'a preamble that nobody sees',
        '--x',
        '',
        'plain',
        '--x  ',
        'Content-Type: text/html; charset=utf-8',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from('<b>ü</b>\r\n').toString('base64'),
        '--x--',
        'an epilogue that nobody sees',
      ),
    );
    expect(mail).toMatchObject({ text: 'plain', html: '<b>ü</b>\n', attachments: [] });
  });

  test('behind an alternative stand in both forms, as text in the HTML', async () => {
    const mail = await readMail(
      lines(
        'Content-Type: multipart/mixed; boundary=o',
        '',
        '--o',
        'Content-Type: multipart/alternative; boundary=i',
        '',
        '--i',
        '',
        'plain',
        '--i',
        'Content-Type: text/html',
        '',
        '<p>html</p>',
        '--i--',
        '--o',
        '',
        'a <footer>',
        '--o--',
      ),
    );
    expect(mail.text).toBe('plain\na <footer>');
    expect(mail.html).toBe('<p>html</p>\n<pre>a &lt;footer&gt;</pre>\n');
  });

  test('that are files go to the sink, decoded, with what the header says of them', async () => {
    const mail = await readMail(
      lines(
        'Content-Type: multipart/related; boundary=x',
        '',
        '--x',
        'Content-Type: text/html',
        '',
        '<img src="cid:1@x">',
        '--x',
        'Content-Type: IMAGE/PNG; name=wrong.png',
        'Content-ID: <1@x>',
        'Content-Disposition: inline; filename="right.png"',
        'Content-Transfer-Encoding: BASE64',
        '',
        'AAEC',
        '--x',
        'Content-Type: text/plain; name=notes.txt',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'a=3Db=',
        '',
        '--x',
        'Content-Type: application/ms-tnef',
        'Content-Disposition: something-else',
        '',
        'x',
        '--x--',
      ),
    );
    expect(mail.html).toBe('<img src="cid:1@x">');
    expect(mail.attachments.map(({ kept, ...head }) => ({ ...head, kept: kept.toString('latin1') }))).toEqual(
      [
        {
          index: 0,
          filename: 'right.png',
          contentType: 'image/png',
          contentId: '1@x',
          disposition: 'inline',
          size: 3,
          kept: '\0\x01\x02',
        },
        {
          index: 1,
          filename: 'notes.txt',
          contentType: 'text/plain',
          contentId: null,
          disposition: 'attachment',
          size: 3,
          kept: 'a=b',
        },
        {
          index: 2,
          filename: null,
          contentType: 'application/ms-tnef',
          contentId: null,
          disposition: 'attachment',
          size: 1,
          kept: 'x',
        },
      ],
    );
  });

  test('that are mail are files, and their text is not that of the mail', async () => {
    const enclosed = lines('Subject: inner', '', 'inner text');
    const mail = await readMail(
      lines('Content-Type: multipart/digest; boundary=x', '', '--x', '', enclosed.toString(), '--x--'),
    );
    expect(mail).toMatchObject({ text: null, subject: '' });
    expect(mail.attachments).toMatchObject([{ contentType: 'message/rfc822', kept: enclosed }]);
  });

  test('keep the line end before a boundary out of them, and the one before that in', async () => {
    const mail = await readMail(
      lines(
        'Content-Type: multipart/mixed; boundary=x',
        '',
        '--x',
        'Content-Type: image/x',
        '',
        'one',
        '',
        '--x--',
      ),
    );
    expect(mail.attachments[0]?.kept.toString()).toBe('one\r\n');
  });

  test('without a blank line in front are text from their first line on', async () => {
    const mail = await readMail(
      lines('Content-Type: multipart/mixed; boundary=x', '', '--x', 'no header', '', 'two', '--x--'),
    );
    expect(mail.text).toBe('no header\n\ntwo');
  });

  test('of a multipart in which none is found are shown as they stand', async () => {
    const mail = await readMail(lines('Content-Type: multipart/mixed; boundary=x', '', 'all there is'));
    expect(mail.text).toBe('all there is');
    const without = await readMail(lines('Content-Type: multipart/mixed', '', 'all there is'));
    expect(without.text).toBe('all there is');
  });

  test('of a delivery report are files, and kept as text for its reader', async () => {
    const mail = await readMail(
      lines(
        'Content-Type: multipart/report; report-type=Delivery-Status; boundary=x',
        '',
        '--x',
        '',
        'could not be delivered',
        '--x',
        'Content-Type: message/delivery-status',
        '',
        'Final-Recipient: rfc822; a@b.example',
        '',
        '--x',
        'Content-Type: message/rfc822',
        '',
        'Subject: the original',
        '',
        'its body',
        '--x--',
      ),
    );
    expect(mail).toMatchObject({ reportType: 'delivery-status', text: 'could not be delivered' });
    expect(mail.report).toEqual([
      { contentType: 'message/delivery-status', text: 'Final-Recipient: rfc822; a@b.example\n' },
      { contentType: 'message/rfc822', text: 'Subject: the original\n' },
    ]);
    expect(mail.attachments).toHaveLength(2);
  });

  test('of plain text may hold files by uuencode, and the word "begin" otherwise', async () => {
    const mail = await readMail(
      lines(
        '',
        'before',
        'begin 644 report.csv',
        '#86)C',
        '`',
        'end',
        'begin 600 times',
        'behind',
        'begin the',
      ),
    );
    expect(mail.text).toBe('before\nbegin 600 times\nbehind\nbegin the');
    expect(mail.attachments).toMatchObject([
      { filename: 'report.csv', contentType: 'text/csv', kept: Buffer.from('abc') },
    ]);
  });
});
