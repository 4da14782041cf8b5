import { createHmac } from 'node:crypto';

/** Bodies as the providers document them; every name, address and id is made up. */

export const NOW = 1_767_225_600_000;
export const SIGNING_KEY = 'key-of-nobody-0123456789';
export const TOKEN = 'a1b2c3d4e5'.repeat(5);

/** A short mail in which every byte occurs: a body in 8 bit, no charset would give it back. */
export const EIGHT_BIT_MAIL = Buffer.concat([
  Buffer.from(
    'From: Ann <ann@sender.example>\r\nTo: desk@shop.example\r\nSubject: hello\r\n' +
      'Content-Transfer-Encoding: 8bit\r\n\r\n.\r\n-- \r\n--x\r\n',
    'latin1',
  ),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\n\n\r%0a+&=\r\n', 'latin1'),
]);

export type Field = readonly [name: string, value: string | Uint8Array];

export interface Body {
  readonly contentType: string;
  readonly bytes: Buffer;
}

export function multipart(fields: readonly Field[], boundary = 'xYzZY'): Body {
  const parts = fields.flatMap(([name, value]) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  const bytes = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes };
}

export function urlencoded(fields: readonly Field[]): Body {
  const escaped = (value: string | Uint8Array): string =>
    [...Buffer.from(value)]
      .map((byte) => {
        const character = String.fromCharCode(byte);
        if (character === ' ') return '+';
        return /[A-Za-z0-9*._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
      })
      .join('');
  const text = fields.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&');
  return { contentType: 'application/x-www-form-urlencoded', bytes: Buffer.from(text) };
}

/** The fields of Mailgun's raw form: its own, those of the header, the mail, and the proof. */
export function mailgunFields(
  raw: Uint8Array,
  changed: Readonly<Record<string, string>> = {},
): readonly Field[] {
  const timestamp = changed['timestamp'] ?? String(NOW / 1000);
  const token = changed['token'] ?? TOKEN;
  const signature = createHmac('sha256', SIGNING_KEY)
    .update(timestamp + token)
    .digest('hex');
  const fields: readonly Field[] = [
    ['recipient', 'desk@shop.example'],
    ['sender', 'bounces+7@sender.example'],
    ['subject', 'hello'],
    ['from', 'Ann <ann@sender.example>'],
    ['Received', 'from mx.sender.example by mxa.example; Thu, 1 Jan 2026 00:00:00 +0000'],
    ['Message-Id', '<1@sender.example>'],
    ['message-headers', '[["Subject", "hello"]]'],
    ['body-mime', raw],
    ['timestamp', timestamp],
    ['token', token],
    ['signature', signature],
  ];
  return fields.map(([name, value]) => [name, changed[name] ?? value]);
}

export function sendgridFields(
  raw: Uint8Array,
  changed: Readonly<Record<string, string>> = {},
): readonly Field[] {
  const fields: readonly Field[] = [
    ['dkim', '{@sender.example : pass}'],
    ['email', raw],
    ['to', 'desk@shop.example'],
    ['from', 'Ann <ann@sender.example>'],
    ['sender_ip', '192.0.2.7'],
    ['envelope', '{"to":["desk@shop.example","sales@shop.example"],"from":"bounces+7@sender.example"}'],
    ['charsets', '{"to":"UTF-8","subject":"UTF-8","from":"UTF-8"}'],
    ['SPF', 'pass'],
  ];
  return fields.map(([name, value]) => [name, changed[name] ?? value]);
}

export function postmarkJson(raw: string, changed: Readonly<Record<string, unknown>> = {}): Body {
  const object = {
    FromName: 'Ann',
    MessageStream: 'inbound',
    From: 'ann@sender.example',
    FromFull: { Email: 'ann@sender.example', Name: 'Ann', MailboxHash: '', RawEmail: 'not this one' },
    To: '"Desk" <desk@shop.example>',
    ToFull: [{ Email: 'desk@shop.example', Name: 'Desk', MailboxHash: '' }],
    OriginalRecipient: 'desk+a1@shop.example',
    Subject: 'hello',
    MessageID: '22c74902-0000-4000-8000-341342852c90',
    TextBody: 'a "quoted" line\\\n',
    HtmlBody: '<p>hello</p>',
    Headers: [{ Name: 'X-Spam-Score', Value: '-0.1' }],
    RawEmail: raw,
    Attachments: [
      { Name: 'a.bin', Content: 'AAECAw==', ContentType: 'application/octet-stream', ContentLength: 4 },
    ],
    ...changed,
  };
  return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(object, null, 1)) };
}

/** In pieces of this size. */
export async function* pieces(bytes: Uint8Array, size = 16_384): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  for await (const piece of source) kept.push(piece.slice());
  return Buffer.concat(kept);
}
