import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { house, OPERATOR_KEY } from './house.ts';

const MESSAGE = [
  'From: Mine <hello@mine.example>',
  'To: Ada <ada@people.example>, bob@people.example',
  'Cc: Carl <carl@people.example>',
  'Bcc: dora@people.example',
  'Subject: =?utf-8?B?7JWI64WV?=',
  'Message-ID: <given@mine.example>',
  'Date: Fri, 20 Feb 2026 13:00:00 +0000',
  'X-Order: 4711',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hello',
  '.',
  'after a lone dot',
  '',
].join('\r\n');

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

function edited(change: (lines: string[]) => string[]): string {
  return change(MESSAGE.split('\r\n')).join('\r\n');
}

async function sent(body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const it = house();
  const { status, body: answer } = await it.call('POST', '/emails/raw', { body, headers });
  expect(status, JSON.stringify(answer)).toBe(200);
  const { body: email } = await it.call('GET', `/emails/${answer.id}`);
  const raw = await it.call('GET', `/emails/${answer.id}/raw`);
  const recipients = email.recipients.map(({ recipient }: { recipient: string }) => recipient);
  return { it, email, recipients, bytes: raw.bytes, text: new TextDecoder('latin1').decode(raw.bytes), raw };
}

async function refused(body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const it = house();
  const { status, body: answer } = await it.call('POST', '/emails/raw', { body, headers });
  expect(status).toBeGreaterThanOrEqual(400);
  expect((await it.call('GET', '/emails')).body.data).toEqual([]);
  expect(it.store.keys()).toHaveLength(0);
  return answer;
}

describe('a link to unsubscribe', () => {
  const AS_IT_IS = { 'content-type': 'message/rfc822' };

  test.each([
    ['unsubscribe', { raw: base64(MESSAGE), unsubscribe: true }, {}],
    ['X-Mailwright-Unsubscribe', { raw: base64(MESSAGE) }, { 'x-mailwright-unsubscribe': 'true' }],
    ['X-Mailwright-Unsubscribe', MESSAGE, { ...AS_IT_IS, 'x-mailwright-unsubscribe': 'true' }],
  ])('is not put into a complete message, and whoever asks is told: %s', async (field, body, headers) => {
    expect(await refused(body, headers)).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
      field,
      message: expect.stringContaining('Write `List-Unsubscribe` into it'),
    });
  });

  test.each([
    [{ raw: base64(MESSAGE), unsubscribe: false }, {}],
    [{ raw: base64(MESSAGE), unsubscribe: null }, { 'x-mailwright-unsubscribe': 'false' }],
    [MESSAGE, { ...AS_IT_IS, 'x-mailwright-unsubscribe': 'false' }],
  ])('that is not asked for is nobody’s trouble', async (body, headers) => {
    expect((await sent(body, headers)).email.subject).toBe('안녕');
  });
});

describe('POST /emails/raw', () => {
  test.each([
    ['as base64 in JSON', { raw: base64(MESSAGE) }, {}],
    ['as base64 with line breaks', { raw: base64(MESSAGE).replace(/.{60}/g, '$&\r\n') }, {}],
    ['as the message itself', MESSAGE, { 'content-type': 'message/rfc822' }],
    ['as the message with parameters', MESSAGE, { 'content-type': 'Message/RFC822; charset=utf-8' }],
  ])('%s: the envelope comes from the header, Bcc goes, the rest is kept', async (_, body, headers) => {
    const { email, recipients, text, raw } = await sent(body, headers);
    expect(text).toBe(edited((lines) => lines.filter((line) => !line.startsWith('Bcc:'))));
    expect(recipients).toEqual(['ada', 'bob', 'carl', 'dora'].map((name) => `${name}@people.example`));
    expect(email).toMatchObject({
      message_id: '<given@mine.example>',
      from: 'Mine <hello@mine.example>',
      to: ['Ada <ada@people.example>', 'bob@people.example'],
      cc: ['Carl <carl@people.example>'],
      bcc: ['dora@people.example'],
      subject: '안녕',
      html: null,
      text: null,
      last_event: 'queued',
    });
    expect(raw.headers.get('content-type')).toBe('message/rfc822');
    expect(raw.headers.get('x-mailwright-sha256')).toBe(createHash('sha256').update(raw.bytes).digest('hex'));
  });

  test('the envelope of the fields wins over the header', async () => {
    const body = {
      raw: base64(MESSAGE),
      from: 'bounces@other.example',
      to: ['x@y.example', 'X <x@y.example>'],
    };
    const { recipients, email, it } = await sent(body);
    expect(recipients).toEqual(['x@y.example']);
    expect(email.bcc).toBeNull();
    const [claim] = it
      .room()
      .claim({ now: it.now, relay: 'main', unbound: true, insteadOf: [], limit: 1, leaseMs: 1 });
    expect(claim?.email.sender).toBe('bounces@other.example');
  });

  test('what a message must have and has not is added', async () => {
    const bare = 'From: a@mine.example\nTo: b@people.example\n\nHi';
    const { text, email } = await sent({ raw: base64(bare) });
    expect(email.message_id).toMatch(/^<[0-9a-f-]{36}@mine\.example>$/);
    expect(email.subject).toBe('');
    expect(text).toContain(`\r\nMessage-ID: ${email.message_id}\r\n`);
    expect(text).toContain('\r\nDate: Fri, 20 Feb 2026 14:00:00 +0000\r\n');
    expect(text).toMatch(/\r\n\r\nHi\r\n$/);
  });

  test('an eight-bit body is sent as it is', async () => {
    const bytes = Buffer.concat([Buffer.from(MESSAGE), Buffer.from('안녕\r\n')]);
    const { bytes: kept } = await sent(new Uint8Array(bytes), { 'content-type': 'message/rfc822' });
    expect(Buffer.from(kept).includes(Buffer.from('안녕\r\n'))).toBe(true);
  });
});

describe('threats §1 r16: raw messages', () => {
  test.each([
    ['bare line feeds', MESSAGE.replaceAll('\r\n', '\n')],
    ['bare carriage returns', MESSAGE.replaceAll('\r\n', '\r')],
    ['a mixture', MESSAGE.replace('Hello\r\n.\r\n', 'Hello\n.\n')],
    ['odd ends of data', `${MESSAGE}\n.\r\nMAIL FROM:<x@y.example>\r.\rx\r\n.\nRCPT TO:<z>`],
  ])('%s become line ends', async (_, message) => {
    const { text } = await sent({ raw: base64(message) });
    expect(text).not.toMatch(/(^|[^\r])\n|\r(?!\n)/);
    expect(text).toContain('\r\n.\r\n');
  });

  test.each([
    ['two From', edited((lines) => ['From: x@mine.example', ...lines])],
    ['two Subject', edited((lines) => ['Subject: x', ...lines])],
    ['no From', edited((lines) => lines.filter((line) => !line.startsWith('From:')))],
    ['two addresses in From', MESSAGE.replace('From: Mine', 'From: x@mine.example, Mine')],
    ['NUL', MESSAGE.replace('Hello', 'Hel\0lo')],
    ['a line of 999 bytes', MESSAGE.replace('Hello', 'x'.repeat(999))],
    [
      '5 MB of headers',
      edited((lines) => [
        `X-A: ${'x '.repeat(400)}`,
        ...Array(6000).fill(`X-B: ${'y '.repeat(400)}`),
        ...lines,
      ]),
    ],
    ['a line that is no header', edited((lines) => ['no header at all', ...lines])],
    ['a group', MESSAGE.replace(/^To:.*$/m, 'To: g:a@x.example,b@y.example')],
  ])('%s is refused', async (_, message) => {
    expect(await refused({ raw: base64(message) })).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
      field: 'raw',
    });
  });

  test.each([
    ['From', MESSAGE.replace('hello@mine.example', 'hello@foreign.example')],
    ['Sender', edited((lines) => ['Sender: x@foreign.example', ...lines])],
    ['Resent-From', edited((lines) => ['Resent-From: x@foreign.example', ...lines])],
  ])('%s of a foreign domain is 403', async (_, message) => {
    expect(await refused({ raw: base64(message) })).toMatchObject({
      statusCode: 403,
      name: 'validation_error',
    });
  });

  test.each([
    ['sends', {}],
    ['tries', { dry_run: true }],
  ])('a bound key that %s a message may not speak for another domain in Sender', async (_, over) => {
    const it = house();
    const key = await it.newKey({ domain: 'mine.example' });
    const message = edited((lines) => ['Sender: x@other.example', ...lines]);
    const raw = (text: string) => ({ body: { raw: base64(text), ...over }, key });
    expect((await it.call('POST', '/emails/raw', raw(message))).body).toMatchObject({
      statusCode: 403,
      message: 'This API key is not allowed to send from the `other.example` domain.',
    });
    expect(it.store.keys()).toEqual([]);
    const own = edited((lines) => ['Sender: x@mine.example', ...lines]);
    expect((await it.call('POST', '/emails/raw', raw(own))).status).toBe(200);
  });

  test('an envelope sender of a foreign domain is 403 (threats §9 r8: 403)', async () => {
    const body = { raw: base64(MESSAGE), from: 'x@foreign.example' };
    expect(await refused(body)).toMatchObject({ statusCode: 403, name: 'validation_error' });
  });
});

test.each([
  [{}, 'missing_required_field', 'raw'],
  [{ raw: '' }, 'missing_required_field', 'raw'],
  [{ raw: 7 }, 'validation_error', 'raw'],
  [{ raw: 'YQ==YQ==' }, 'validation_error', 'raw'],
  [{ raw: '====' }, 'validation_error', 'raw'],
  [{ raw: base64(MESSAGE), from: 'x' }, 'invalid_from_address', 'from'],
  [{ raw: base64(MESSAGE), to: 'x' }, 'validation_error', 'to'],
  [{ raw: base64(MESSAGE), to: ['a@b.example', 'x'] }, 'validation_error', 'to[1]'],
  [{ raw: base64(MESSAGE), to: Array(51).fill('a@b.example') }, 'validation_error', 'to'],
  [{ raw: base64('From: a@mine.example\r\n\r\nHi') }, 'missing_required_field', 'to'],
  [{ raw: base64(MESSAGE), tls: 'never' }, 'validation_error', 'tls'],
])('%.60j is refused', async (body, name, field) => {
  expect(await refused(body)).toMatchObject({ statusCode: 422, name, field });
});

test('51 recipients in one header field are refused', async () => {
  const to = Array.from({ length: 51 }, (_, index) => `p${index}@people.example`);
  const message = MESSAGE.replace(/^To:.*$/m, `To: ${to.join(',\r\n ')}`);
  expect(await refused({ raw: base64(message) })).toMatchObject({ statusCode: 422, field: 'to' });
});

test('a message over 40 MiB is 413, as base64 and as bytes', async () => {
  const line = `${'x'.repeat(998)}\r\n`;
  const message = MESSAGE + line.repeat(Math.ceil((40 * 1024 * 1024) / line.length));
  const headers = { 'content-type': 'message/rfc822' };
  expect(await refused(message, headers)).toMatchObject({
    statusCode: 413,
    name: 'validation_error',
    message: expect.stringContaining('40 MiB'),
  });
});

test('an empty message is none', async () => {
  const it = house();
  const request = new Request('http://h/emails/raw', {
    method: 'POST',
    headers: { authorization: `Bearer ${OPERATOR_KEY}`, 'content-type': 'message/rfc822' },
  });
  expect((await it.request(request)).body).toMatchObject({ name: 'missing_required_field', field: 'raw' });
});
