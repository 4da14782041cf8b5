import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeaderFields } from '../../src/mime/header-fields.ts';

const read = (headers: readonly (readonly [string, string])[], hasReplyTo = false) =>
  readHeaderFields({ headers, hasReplyTo });

describe('custom headers that are taken', () => {
  it.each([
    ['X-Entity-Ref-ID', '123'],
    ['x-lower', 'a'],
    ['X-SMTPAPI', '{"a":"b, c"}'],
    ['In-Reply-To', '<a@b.example>'],
    ['References', '<a@b.example> <c@d.example>'],
    ['List-Unsubscribe', '<https://a.example/x?y=1>, <mailto:a@b.example>'],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ['List-Id', 'News <news.example>'],
    ['Auto-Submitted', 'auto-generated'],
    ['Precedence', 'bulk'],
    ['X-Korean', '안녕하세요'],
    ['X-Empty', ''],
    ['X-Tab', 'a\tb'],
    ['X-Separators', 'a\u0085b\u2028c\u2029d'],
    ['X-Encoded', '=?utf-8?Q?x?='],
    ['__proto__', 'a'],
    ['constructor', 'a'],
  ])('%s: %j stands as it was given', (name, value) => {
    expect(read([[name, value]])).toEqual({
      ok: true,
      headers: [[name, value]],
      messageId: null,
      replyTo: null,
    });
  });

  it('the order given is kept', () => {
    const headers = [
      ['X-B', '1'],
      ['X-A', '2'],
    ] as const;
    expect(read(headers)).toMatchObject({ headers });
  });

  it('a Message-ID becomes that of the message and is no header any more', () => {
    expect(read([['Message-Id', '<left@right.example>']])).toEqual({
      ok: true,
      headers: [],
      messageId: '<left@right.example>',
      replyTo: null,
    });
  });

  it('a Reply-To becomes the address of the message when there is no reply_to', () => {
    expect(read([['reply-to', 'Help <help@B.example>']])).toMatchObject({
      ok: true,
      headers: [],
      replyTo: { name: 'Help', address: 'help@b.example' },
    });
  });

  it('white space between identifiers is written as a space', () => {
    expect(read([['References', ' <a@b.example>\t<c@d.example> ']])).toMatchObject({
      headers: [['References', '<a@b.example> <c@d.example>']],
    });
  });
});

describe('custom headers that are refused', () => {
  const OWNED =
    'From To Cc Bcc Subject Date MIME-Version Content-Type Content-Transfer-Encoding Content-X Received Return-Path DKIM-Signature Sender Resent-From Resent-Bcc ARC-Seal Authentication-Results Resend-Idempotency-Key X-Mailwright-Tls'.split(
      ' ',
    );
  it.each(OWNED.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]))(
    'threats §1 r10: the field %s is ours to write',
    (name) => {
      expect(read([[name, 'x']])).toMatchObject({ ok: false, refusal: { field: `headers.${name}` } });
    },
  );

  it('threats §1 r10: a Reply-To beside reply_to is refused', () => {
    expect(read([['Reply-To', 'a@b.example']], true)).toMatchObject({
      ok: false,
      refusal: { field: 'headers.Reply-To' },
    });
  });

  it.each([
    'x',
    '',
    'left@right',
    '<left>',
    '<a@b@c>',
    '<a b@c>',
    '<a@b> <c@d>',
    '<a@b>x',
    '<é@b>',
    `<${'a'.repeat(900)}@b>`,
    '<"a"@b>',
    '<=?utf-8?Q?a?=@b>',
  ])('threats §1 r10: the Message-ID %j is refused', (value) => {
    expect(read([['Message-ID', value]])).toMatchObject({
      ok: false,
      refusal: { field: 'headers.Message-ID' },
    });
  });

  it.each([
    'X-A:',
    'X A',
    '',
    'X-é',
    'X-A\r\nX-B',
    'X-A\0',
    ' X-A',
    'X-A ',
    'X(a)',
    'X"a',
    `X-${'a'.repeat(75)}`,
    'X-A\t',
  ])('threats §1 r8: the header name %j is refused', (name) => {
    expect(read([[name, 'x']])).toMatchObject({
      ok: false,
      refusal: { field: expect.stringMatching(/^headers/) },
    });
  });

  it('threats §1 r8: a name that cannot be one is not echoed in the path of the field', () => {
    expect(read([['X-A\r\nX-B', 'x']])).toMatchObject({ refusal: { field: 'headers' } });
  });

  it('threats §1 r9: names of object internals pollute nothing', () => {
    read([
      ['__proto__', 'polluted'],
      ['constructor', 'polluted'],
      ['prototype', 'polluted'],
    ]);
    expect([Reflect.get({}, 'polluted'), Object.prototype.toString.call({})]).toEqual([
      undefined,
      '[object Object]',
    ]);
  });

  it.each([
    ['In-Reply-To', '=?utf-8?Q?x?='],
    ['References', '<é@b.example>'],
    ['List-Unsubscribe', '<https://a.example/é>'],
    ['List-Unsubscribe', `<https://a.example/${'x'.repeat(1_000)}>`],
    ['References', `<${'x'.repeat(1_000)}@b.example>`],
  ])('%s, which programs read, must be foldable ASCII without encoded words', (name, value) => {
    expect(read([[name, value]])).toMatchObject({ ok: false, refusal: { field: `headers.${name}` } });
  });

  it('threats §1 r15: a list URL with a line break is refused', () => {
    expect(read([['List-Unsubscribe', 'https://a/x)\r\nX: 1']])).toMatchObject({
      ok: false,
      refusal: { field: 'headers.List-Unsubscribe' },
    });
  });

  it('the same name in another case is a second field and refused', () => {
    expect(
      read([
        ['X-A', '1'],
        ['x-a', '2'],
      ]),
    ).toMatchObject({ ok: false, refusal: { field: 'headers.x-a' } });
  });

  it('threats §1 r7: headers over 16 KiB in all are refused, and just below they are taken', () => {
    const overhead = 'X-A: \r\n'.length;
    const fits = 'x'.repeat(16 * 1024 - overhead);
    expect([read([['X-A', fits]]).ok, read([['X-A', `${fits}x`]]).ok]).toEqual([true, false]);
    expect(read([['X-A', 'x'.repeat(100_000)]])).toMatchObject({ ok: false, refusal: { field: 'headers' } });
  });

  it('what is taken is never more than what was given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' })), { maxLength: 3 }),
        (headers) => {
          const reading = read(headers);
          if (!reading.ok) return;
          for (const [name, value] of reading.headers) {
            expect(
              headers.some(([givenName, given]) => givenName === name && given.trim() === value.trim()),
            ).toBe(true);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not pass
            expect(value).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f]/);
          }
        },
      ),
    );
  });
});
