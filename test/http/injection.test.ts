import { describe, expect, test } from 'vitest';
import { expectProportional } from '../support/growth.ts';
import { house, mail } from './house.ts';
import { accepted, headerNames, PLAIN_HEADERS, refusal } from './outcome.ts';

const ENDS = ['x\r\nX-Injected: 1\r\n\r\nBODY', 'x\nX-Injected: 1', 'x\rX-Injected: 1', 'x\0\r\nX: 1'];
const CONTROLS = ['a\u000bb', 'a\u000cb', 'a\u001bb', 'a\u007fb', 'a\u0001b', 'a\ud800b'];

/** Every place of a send that takes text that could reach a header. */
const PLACES: Readonly<Record<string, (text: string) => readonly [over: object, field: string]>> = {
  subject: (text) => [{ subject: text }, 'subject'],
  'from name': (text) => [{ from: `${text} <a@mine.example>` }, 'from'],
  'from address': (text) => [{ from: `a${text}@mine.example` }, 'from'],
  'from domain': (text) => [{ from: `a@mine.example${text}` }, 'from'],
  'to name': (text) => [{ to: [`${text} <a@b.example>`] }, 'to[0]'],
  'to address': (text) => [{ to: [`a${text}@b.example`] }, 'to[0]'],
  'cc name': (text) => [{ cc: [`${text} <a@b.example>`] }, 'cc[0]'],
  'cc address': (text) => [{ cc: [`a${text}@b.example`] }, 'cc[0]'],
  'bcc name': (text) => [{ bcc: `${text} <a@b.example>` }, 'bcc'],
  'bcc address': (text) => [{ bcc: `a${text}@b.example` }, 'bcc'],
  'reply-to name': (text) => [{ reply_to: `${text} <a@b.example>` }, 'reply_to'],
  'reply-to address': (text) => [{ reply_to: `a${text}@b.example` }, 'reply_to'],
  'header value': (text) => [{ headers: { 'X-A': text } }, 'headers.X-A'],
  'header name': (text) => [{ headers: { [`X-${text}`]: 'v' } }, 'headers'],
  'message id': (text) => [{ headers: { 'Message-ID': `<${text}@mine.example>` } }, 'headers.Message-ID'],
  'in-reply-to': (text) => [{ headers: { 'In-Reply-To': `<${text}@b.example>` } }, 'headers.In-Reply-To'],
  references: (text) => [{ headers: { References: `<${text}@b.example>` } }, 'headers.References'],
  'list-unsubscribe': (text) => [
    { headers: { 'List-Unsubscribe': `<https://a/${text}>` } },
    'headers.List-Unsubscribe',
  ],
  'tag name': (text) => [{ tags: [{ name: text, value: 'v' }] }, 'tags[0].name'],
  'tag value': (text) => [{ tags: [{ name: 'n', value: text }] }, 'tags[0].value'],
};

describe('threats §1 r1, r2: line breaks and other controls are refused with the path of the field', () => {
  test.each(Object.entries(PLACES))('in %s', async (_, place) => {
    for (const text of [...ENDS, ...CONTROLS]) {
      const [over, field] = place(text);
      const body = await refusal(over as Record<string, unknown>);
      expect(body.statusCode).toBe(422);
      expect(body.field).toMatch(new RegExp(`^${field.replace(/[[\].]/g, '\\$&')}`));
      expect(body.message).not.toContain('X-Injected: 1');
    }
  });

  test('in a list header with a comment (threats §1 r15: refused)', async () => {
    const body = await refusal({ headers: { 'List-Unsubscribe': 'https://a/x)\r\nX: 1' } });
    expect(body).toMatchObject({ statusCode: 422, field: 'headers.List-Unsubscribe' });
  });
});

describe('threats §1 r3, r5, r6: what only looks dangerous is data', () => {
  test.each([
    ['next line', 'a\u0085b'],
    ['line separator', 'a\u2028b'],
    ['paragraph separator', 'a\u2029b'],
    ['percent-encoded line break', 'x%0d%0aX-Injected: 1'],
    ['encoded word', '=?utf-8?Q?x=0D=0AX-Injected:_1?='],
    ['tab', 'a\tb'],
  ])('%s in a subject and a header', async (_, text) => {
    const { email, mime } = await accepted({ subject: text, headers: { 'X-A': text } });
    expect(email.subject).toBe(text);
    expect(headerNames(mime).toSorted()).toEqual([...PLAIN_HEADERS, 'x-a'].toSorted());
    expect(mime).not.toMatch(/[^\t\r\n\x20-\x7e]/);
    expect(mime).not.toMatch(/^X-Injected/m);
  });

  test.each(['x%0d%0aX-Injected: 1', '=?utf-8?Q?x=0D=0AX-Injected:_1?='])('%s in a name', async (name) => {
    const { mime } = await accepted({ from: `${name} <a@mine.example>`, to: [`${name} <b@people.example>`] });
    expect(headerNames(mime).toSorted()).toEqual(PLAIN_HEADERS);
    expect(mime).not.toMatch(/^X-Injected/m);
  });
});

describe('threats §1 r7: lengths', () => {
  test('a subject has 998 characters, however many units they take', async () => {
    const emoji = '😀'.repeat(998);
    const { email, mime } = await accepted({ subject: emoji });
    expect(email.subject).toBe(emoji);
    expect(Math.max(...mime.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(await refusal({ subject: `${emoji}x` })).toMatchObject({ statusCode: 422, field: 'subject' });
    expect(await refusal({ subject: 'x'.repeat(100_000) })).toMatchObject({ field: 'subject' });
  });

  test('all headers together take 16 KiB', async () => {
    const words = (size: number) => 'word '.repeat(size / 5).trim();
    const { mime } = await accepted({ headers: { 'X-A': words(15_000) } });
    expect(Math.max(...mime.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(await refusal({ headers: { 'X-A': words(17_000) } })).toMatchObject({ statusCode: 422 });
    expect(await refusal({ headers: { 'X-A': 'x'.repeat(100_000) } })).toMatchObject({ statusCode: 422 });
  });
});

describe('threats §1 r8, r9, r10: header names', () => {
  test.each(['X-A:', 'X A', '', 'X-\u00e9', 'X-A\r\n'])('%j is no name of a header', async (name) => {
    const body = await refusal({ headers: JSON.parse(`{${JSON.stringify(name)}:"v"}`) });
    expect(body).toMatchObject({ statusCode: 422, field: expect.stringMatching(/^headers/) });
    expect({}).not.toHaveProperty('v');
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    '%s is one like any other',
    async (name) => {
      const { mime } = await accepted({ headers: { [name]: 'v' } });
      expect(mime).toContain(`\r\n${name}: v\r\n`);
    },
  );

  const OWNED =
    'From To Cc Bcc Subject Date MIME-Version Content-Type Content-Transfer-Encoding Content-X Received Return-Path DKIM-Signature Sender Resent-From Resent-Bcc ARC-Seal Authentication-Results';

  test.each(OWNED.split(' '))('%s is ours, in any case', async (name) => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
      const body = await refusal({ headers: { [spelled]: 'x@y.example' } });
      expect(body).toMatchObject({ statusCode: 422, field: `headers.${spelled}` });
    }
  });

  test('Reply-To is allowed only without reply_to', async () => {
    const headers = { 'Reply-To': 'Desk <desk@people.example>' };
    expect(await refusal({ headers, reply_to: 'a@b.example' })).toMatchObject({ field: 'headers.Reply-To' });
    const { email, mime } = await accepted({ headers });
    expect(email.reply_to).toEqual(['Desk <desk@people.example>']);
    expect(mime.match(/^Reply-To:/gim)).toHaveLength(1);
  });

  test.each(['x', '<x>', 'x@y.example', '<a@b@c.example>', '<a b@c.example>', '<@c.example>'])(
    'a Message-ID of the form %s is refused',
    async (value) => {
      expect(await refusal({ headers: { 'Message-ID': value } })).toMatchObject({
        field: 'headers.Message-ID',
      });
    },
  );

  test('a Message-ID of the right form is the one on the wire', async () => {
    const { email, mime } = await accepted({ headers: { 'message-id': '<order-4711@mine.example>' } });
    expect(email.message_id).toBe('<order-4711@mine.example>');
    expect(mime.match(/^Message-ID: <order-4711@mine\.example>$/gim)).toHaveLength(1);
  });

  test('without one it is made, at the domain of the sender', async () => {
    const { email, mime } = await accepted({});
    expect(email.message_id).toMatch(/^<[0-9a-f-]{36}@mine\.example>$/);
    expect(mime).toContain(`\r\nMessage-ID: ${email.message_id}\r\n`);
  });
});

test('threats §1 r17: the composed message has no Bcc, and exactly the headers that were meant', async () => {
  const { email, mime } = await accepted({ bcc: ['secret@people.example'], headers: { 'X-Order': '4711' } });
  expect(email.bcc).toEqual(['secret@people.example']);
  expect(headerNames(mime).toSorted()).toEqual([...PLAIN_HEADERS, 'x-order'].toSorted());
  expect(mime).not.toContain('secret@people.example');
  expect(mime).not.toMatch(/(^|[^\r])\n|\r(?!\n)|\0/);
});

describe('threats §4 r2, r3: nothing of a request reaches a file or a URL', () => {
  test.each([
    [{ text: { path: '/etc/hostname' } }, 'text'],
    [{ html: { href: 'http://127.0.0.1/' } }, 'html'],
    [{ html: ['<p>'] }, 'html'],
    [{ subject: { path: '/etc/hostname' } }, 'subject'],
  ])('%j is not a string', async (over, field) => {
    expect(await refusal(over)).toMatchObject({ statusCode: 422, field });
  });

  test('keys of the composer are dropped', async () => {
    const { mime } = await accepted({
      amp: '<html amp4email>canary</html>',
      watchHtml: 'canary',
      alternatives: [{ path: '/etc/hostname' }],
      icalEvent: { content: 'canary' },
      raw: { path: '/etc/hostname' },
      disableFileAccess: false,
      disableUrlAccess: false,
      attachDataUrls: true,
      envelope: { from: 'x@evil.example', to: 'y@evil.example', size: '1\r\nRCPT TO:<x>' },
      dsn: { orcpt: 'x', envid: 'y' },
      sender: 'x@evil.example',
      path: '/etc/hostname',
      href: 'http://127.0.0.1/',
    });
    expect(mime).not.toMatch(/canary|evil/);
    expect(headerNames(mime).toSorted()).toEqual(PLAIN_HEADERS);
  });

  test('threats §3 r20: SIZE, the name in EHLO and DSN parameters are no fields of a mail', async () => {
    const it = house();
    const over = {
      size: '1\r\nRCPT TO:<x@evil.example>',
      envelope: { size: '1\r\nRCPT TO:<x@evil.example>', dsn: { orcpt: 'rfc822;x@evil.example' } },
      dsn: { id: 'evil', notify: 'NEVER', orcpt: 'rfc822;x@evil.example', envid: 'evil' },
      name: 'evil.example\r\nX',
      ehlo: 'evil.example',
    };
    const { body } = await it.call('POST', '/emails', { body: mail(over) });
    const [claim] = it
      .room()
      .claim({ now: it.now, relay: 'main', unbound: true, insteadOf: [], limit: 1, leaseMs: 1000 });
    expect(claim?.email.id).toBe(body.id);
    expect(JSON.stringify(claim)).not.toMatch(/evil|RCPT|NEVER/);
  });

  test.each([
    ['path', [{ path: '/etc/hostname' }]],
    ['file URL', [{ path: 'file:///etc/hostname' }]],
    ['content with a path', [{ content: { path: '/etc/hostname' } }]],
    ['content with a URL', [{ content: { href: 'http://127.0.0.1/' } }]],
    ['href', [{ filename: 'a', href: 'http://127.0.0.1/' }]],
    ['raw', [{ raw: 'X: y' }]],
  ])('threats §4 r1: an attachment of a %s is refused', async (_, attachments) => {
    expect(await refusal({ attachments })).toMatchObject({ statusCode: 422, name: 'invalid_attachment' });
  });
});

test('threats §4 r4: a flood of a data URL is data', async () => {
  await expectProportional(100_000, async (count) => {
    const html = `<img src="data:${';'.repeat(count)}">`;
    expect((await accepted({ html })).email.html).toBe(html);
  });
});
