import { describe, expect, it } from 'vitest';
import { sealBytes } from '../../src/mime/composed.ts';
import { readRaw } from '../../src/mime/raw.ts';
import { byteFaults, fieldNames } from '../support/header-reader.ts';
import { latin1 } from './message-under-test.ts';

const BASE = [
  'From: Shop <shop@mail.example>',
  'To: ada@good.example',
  'Subject: Hello',
  'Date: Fri, 02 Jan 2026 03:04:05 +0000',
  'Message-ID: <left@mail.example>',
  'MIME-Version: 1.0',
];

const bytesFrom = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'latin1'));

const read = (text: string, hasRecipients = false) =>
  readRaw({
    bytes: bytesFrom(text),
    messageId: '<made@mail.example>',
    date: Date.UTC(2026, 0, 2, 3, 4, 5),
    hasRecipients,
  });

const withFields = (change: readonly string[], body = 'Body\r\n'): string =>
  `${change.join('\r\n')}\r\n\r\n${body}`;
const replacing = (name: string, ...lines: string[]): readonly string[] =>
  BASE.flatMap((line) => (line.startsWith(`${name}:`) ? lines : [line]));

const mailOf = (text: string, hasRecipients = false) => {
  const reading = read(text, hasRecipients);
  if (!reading.ok) throw new Error(reading.rule);
  return reading.mail;
};

describe('a message that is fit to send', () => {
  it('goes out byte for byte', () => {
    const text = withFields(BASE, 'A body.\r\n.\r\n..\r\n\tand more\r\n');
    expect(latin1(mailOf(text).bytes)).toBe(text);
  });

  it('its header says who sends, who receives, and what about', () => {
    const mail = mailOf(
      withFields([
        'From: =?utf-8?B?7ZmN6ri464+Z?= <Hong@MAIL.example>',
        'Sender: office@other.example',
        'To: Ada <ada@good.example>, Team: bo@good.example, "Di, E" <di@good.example>;',
        'Cc: x@good.example (copy)',
        'Bcc: hidden@good.example',
        'Bcc: hidden2@good.example',
        'Reply-To: help@mail.example',
        'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus',
        '  =?utf-8?Q?K=C3=B6ln?=',
        'Message-ID: <left@mail.example>',
      ]),
    );
    expect({
      from: [mail.from.name, mail.from.address],
      to: mail.to.map((to) => to.given),
      cc: mail.cc.map((cc) => cc.address),
      bcc: mail.bcc.map((bcc) => bcc.address),
      replyTo: mail.replyTo.map((to) => to.address),
      senderDomains: mail.senderDomains,
      subject: mail.subject,
      messageId: mail.messageId,
    }).toEqual({
      from: ['홍길동', 'Hong@mail.example'],
      to: ['Ada <ada@good.example>', 'bo@good.example', 'Di, E <di@good.example>'],
      cc: ['x@good.example'],
      bcc: ['hidden@good.example', 'hidden2@good.example'],
      replyTo: ['help@mail.example'],
      senderDomains: ['mail.example', 'other.example'],
      subject: 'Grüße aus  Köln',
      messageId: '<left@mail.example>',
    });
  });

  it('Message-ID, Date and MIME-Version are added where they are missing, always the same', () => {
    const text = withFields(BASE.slice(0, 3));
    const mail = mailOf(text);
    expect(latin1(mail.bytes)).toBe(withFields(BASE).replace('left@', 'made@'));
    expect([mail.messageId, Buffer.compare(mail.bytes, mailOf(text).bytes)]).toEqual([
      '<made@mail.example>',
      0,
    ]);
  });

  it('a message without a body is read', () => {
    expect(latin1(mailOf(`${BASE.join('\r\n')}\r\n`).bytes)).toBe(`${BASE.join('\r\n')}\r\n\r\n`);
  });

  it('with recipients from elsewhere, unreadable address fields are left out instead of refused', () => {
    const text = withFields(replacing('To', 'To: undisclosed <root>'));
    expect([read(text).ok, mailOf(text, true).to]).toEqual([false, []]);
  });
});

describe('threats §1 r16: what a raw message may bring along', () => {
  it.each([
    ['LF', (text: string) => text.replaceAll('\r\n', '\n')],
    ['CR', (text: string) => text.replaceAll('\r\n', '\r')],
    ['mixed', (text: string) => text.replace('\r\n', '\n').replace('\r\n\r\n', '\r\r\n')],
  ])('threats §1 r16: bare line ends (%s) are normalised', (_case, spoil) => {
    const text = withFields(BASE, 'a\r\n.\r\nb\r\n');
    const { bytes } = mailOf(spoil(text));
    expect([latin1(bytes), byteFaults(bytes)]).toEqual([text, []]);
  });

  it.each(['\n.\n', '\n.\r\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\r\n.\n', '\r\r\n.\r\r\n'])(
    'threats §2 r1: the ending %j inside a raw body becomes whole lines',
    (ending) => {
      const { bytes } = mailOf(withFields(BASE, `before${ending}after`));
      expect([byteFaults(bytes), latin1(bytes).endsWith('after\r\n')]).toEqual([[], true]);
    },
  );

  it.each(['From: b@mail.example', 'FROM: b@mail.example', 'from : b@mail.example'])(
    'threats §1 r16: a second From (%s) is refused',
    (line) => {
      expect(read(withFields([...BASE, line])).ok).toBe(false);
    },
  );

  it.each([
    'Bcc',
    'BCC',
    'Resent-Bcc',
    'Return-Path',
    'Resend-Idempotency-Key',
    'X-Mailwright-Tls',
    'x-mailwright-anything',
  ])('threats §1 r16: the field %s never leaves, its folds included', (name) => {
    const { bytes } = mailOf(
      withFields([...BASE, `${name}: hidden@good.example,`, '\thidden2@good.example', 'X-Last: 1']),
    );
    expect(latin1(bytes)).not.toContain('hidden');
    expect(fieldNames(bytes)).toEqual([...fieldNames(bytesFrom(withFields(BASE))), 'x-last']);
  });

  it('threats §1 r16: headers of 5 MB, 256 KiB and a byte, and 1,001 fields are refused', () => {
    const field = `X-A: ${'x'.repeat(900)}`;
    const many = (bytes: number) => Array.from({ length: Math.ceil(bytes / 907) }, () => field);
    expect([
      read(withFields([...BASE, ...many(5_000_000)])).ok,
      read(withFields([...BASE, ...many(256 * 1024)])).ok,
      read(withFields([...BASE, ...many(250 * 1024)])).ok,
      read(withFields([...BASE, ...Array.from({ length: 995 }, () => 'X-A: 1')])).ok,
      read(withFields([...BASE, ...Array.from({ length: 994 }, () => 'X-A: 1')])).ok,
    ]).toEqual([false, false, true, false, true]);
  });

  it('threats §1 r16: every domain that the message claims to come from is reported', () => {
    const mail = mailOf(withFields([...BASE, 'Sender: x@other.example', 'Resent-From: y@third.example']));
    expect(mail.senderDomains).toEqual(['mail.example', 'other.example', 'third.example']);
  });
});

describe('a raw message that is refused', () => {
  it.each([
    ['nothing', ''],
    ['no header', '\r\nFrom: a@b.example\r\n\r\n'],
    ['no From', withFields(BASE.slice(1))],
    ['an empty From', withFields(replacing('From', 'From: '))],
    ['two mailboxes in From', withFields(replacing('From', 'From: a@mail.example, b@mail.example'))],
    ['a group in From', withFields(replacing('From', 'From: g: a@mail.example, b@mail.example;'))],
    ['an unreadable From', withFields(replacing('From', 'From: "a@mine.example" x@other.example'))],
    ['a comment inside an address', withFields(replacing('From', 'From: user@good.example(x)evil.example'))],
    ['an unreadable To', withFields(replacing('To', 'To: a b@c.example'))],
    ['an unreadable Bcc', withFields([...BASE, 'Bcc: root'])],
    ['two To', withFields([...BASE, 'To: c@d.example'])],
    ['two Subject', withFields([...BASE, 'Subject: x'])],
    ['two Message-ID', withFields([...BASE, 'Message-ID: <a@b.example>'])],
    ['two Content-Type', withFields([...BASE, 'Content-Type: text/plain', 'content-type: text/html'])],
    ['a broken Message-ID', withFields(replacing('Message-ID', 'Message-ID: left@mail.example'))],
    [
      'an encoded word as Message-ID',
      withFields(replacing('Message-ID', 'Message-ID: <=?utf-8?Q?a?=@mail.example>')),
    ],
    ['a line that is no field', withFields([...BASE, 'no colon here'])],
    ['an mbox line', withFields(['From shop@mail.example Fri Jan  2 03:04:05 2026', ...BASE])],
    ['a space before the colon', withFields([...BASE, 'X-A : 1'])],
    ['a fold before the first field', withFields([' folded', ...BASE])],
    ['a fold of white space alone', withFields([...BASE, 'X-A: 1', ' ', 'X-B: 2'])],
    ['8-bit text in a field', withFields(replacing('Subject', 'Subject: Gr\u00fc\u00dfe'))],
    ['a control in a field', withFields(replacing('Subject', 'Subject: a\u001bb'))],
    ['NUL in the header', withFields(replacing('Subject', 'Subject: a\0b'))],
    ['NUL in the body', withFields(BASE, 'a\0b')],
    ['a line of 999 bytes', withFields(BASE, `${'x'.repeat(999)}\r\n`)],
    ['a last line of 999 bytes', withFields(BASE, 'x'.repeat(999))],
    ['a field of 999 bytes', withFields([...BASE, `X-A: ${'x'.repeat(995)}`])],
  ])('%s', (_case, text) => {
    expect(read(text)).toEqual({ ok: false, rule: expect.stringMatching(/\S+\.$/) });
  });

  it('a line of 998 bytes is the longest that passes', () => {
    expect(read(withFields(BASE, `${'x'.repeat(998)}\r\n`)).ok).toBe(true);
  });
});

describe('an 8-bit body', () => {
  it('passes as it is and asks for 8BITMIME, not for SMTPUTF8', async () => {
    const text = withFields(
      [...BASE, 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'],
      'Gr\u00c3\u00bc\u00c3\u009fe\r\n',
    );
    const { bytes } = mailOf(text);
    expect(latin1(bytes)).toBe(text);
    expect(await sealBytes({ version: 0, bytes })).toMatchObject({
      needs8BitMime: true,
      needsSmtpUtf8: false,
    });
  });

  it('a 7-bit message asks for neither', async () => {
    const { bytes } = mailOf(withFields(BASE));
    expect(await sealBytes({ version: 0, bytes })).toMatchObject({
      needs8BitMime: false,
      needsSmtpUtf8: false,
    });
  });
});
