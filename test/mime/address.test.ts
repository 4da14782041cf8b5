import { describe, expect, it } from 'vitest';
import { parseAddress, suppressionKey } from '../../src/mime/address.ts';
import { fastestOfThree } from './stopwatch.ts';

/** 191 characters: with a local part of 62 and the `@`, an address of 254. */
const LONG_DOMAIN = `${`${'b'.repeat(62)}.`.repeat(3)}cc`;

/** Row of threats section 3, input, canonical address or null for a refusal. */
const ROWS: readonly (readonly [row: number, input: string, address: string | null])[] = [
  [1, 'a@b.example>\r\nRCPT TO:<x@y.example>', null],
  [1, 'a@b.example> NOTIFY=NEVER', null],
  [1, 'a@b.example SIZE=1', null],
  [1, 'Name <a@b.example> NOTIFY=NEVER', null],
  [2, '<>', null],
  [2, '', null],
  [2, '   ', null],
  [2, 'root', null],
  [2, 'a@b@c.example', null],
  [2, '<a@b.example>junk', null],
  [2, 'mailto:a@b.example', null],
  [3, 'Doe, John <a@b.example>', 'a@b.example'],
  [3, 'evil@x.example, John <a@b.example>', 'a@b.example'],
  [4, 'a b@c.example', null],
  [4, 'x@a.example,y@b.example', null],
  [4, 'x@a.example;y@b.example', null],
  [4, 'g:a@x.example,b@y.example;', null],
  [4, '@r1,@r2:a@b.example', null],
  [4, 'Name <@r1,@r2:a@b.example>', null],
  [5, '"attacker@evil.example x"@internal.example', null],
  [5, 'Name <"attacker@evil.example x"@internal.example>', null],
  [6, '"a b"@good.example', null],
  [7, 'user@good.example(x)evil.example', null],
  [7, 'a@evil.example(b@good.example)', null],
  [7, 'Name <user@example.com(x)evil.example>', null],
  [7, '"user"@example.com(x)evil.example', null],
  [8, 'user@victim.example .allowed.example', null],
  [8, 'user@victim.example. allowed.example', null],
  [9, 'a@[127.0.0.1]', null],
  [9, 'a@[IPv6:::1]', null],
  [9, 'a@127.0.0.1', null],
  [9, 'a@0x7f.1', null],
  [9, 'a@localhost', null],
  [10, '-oQ/var/q@x.example', '-oQ/var/q@x.example'],
  [10, '|/bin/sh@x.example', '|/bin/sh@x.example'],
  [11, 'a@b..example', null],
  [11, '.a@b.example', null],
  [11, 'a.@b.example', null],
  [11, 'a..b@b.example', null],
  [11, 'a@-b.example', null],
  [11, 'a@b-.example', null],
  [11, `a@${'b'.repeat(64)}.example`, null],
  [11, `a@${'b'.repeat(63)}.example`, `a@${'b'.repeat(63)}.example`],
  [11, `${'a'.repeat(65)}@b.example`, null],
  [11, `${'a'.repeat(64)}@b.example`, `${'a'.repeat(64)}@b.example`],
  [11, `${'é'.repeat(33)}@b.example`, null],
  [11, `${'a'.repeat(62)}@${LONG_DOMAIN}`, `${'a'.repeat(62)}@${LONG_DOMAIN}`],
  [11, `${'a'.repeat(63)}@${LONG_DOMAIN}`, null],
  [12, 'a%b@c.example', 'a%b@c.example'],
  [12, 'a!b@c.example', 'a!b@c.example'],
  [13, 'a@EXAMPLE.com.', null],
  [14, 'a@\u24D4xample.com', null],
  [14, 'a@example\u3002com', null],
  [14, 'a@ex\u00adample.com', null],
  [14, 'a@ex\u200bample.com', null],
  [14, 'a@ex\u202eample.com', null],
  [14, 'a@ｅxample.com', null],
  [15, 'a@ex\u0430mple.com', 'a@xn--exmple-4nf.com'],
  [16, 'a@xn--a.example', null],
  [16, 'a@xn--.example', null],
  [16, 'a@xn--example-.com', null],
  [16, 'a@xn--0000h.example', null],
  [16, 'a@xn--exmple-4nf.com', 'a@xn--exmple-4nf.com'],
  [17, 'a@b\u00FCcher.example', 'a@xn--bcher-kva.example'],
  [17, 'a@bu\u0308cher.example', 'a@xn--bcher-kva.example'],
  [17, 'a@B\u00DCCHER.example', 'a@xn--bcher-kva.example'],
  [18, '用户@例え.example', '用户@xn--r8jz45g.example'],
  [18, 'e\u0301@b.example', '\u00e9@b.example'],
];

describe('one address per element', () => {
  it.each(ROWS)('threats §3 r%i: %j becomes %j', (_row, input, address) => {
    const reading = parseAddress(input);
    expect(reading.ok ? reading.mailbox.address : null).toBe(address);
  });

  it('threats §3 r18: a non-ASCII local part is marked as needing SMTPUTF8, an ASCII one is not', () => {
    const needs = ['用户@a.example', 'user@例え.example'].map((text) => {
      const reading = parseAddress(text);
      return reading.ok && reading.mailbox.needsSmtpUtf8;
    });
    expect(needs).toEqual([true, false]);
  });

  it.each([
    ['a@b.example,', 100_000],
    ['g:', 100_000],
    ['a(x)', 100_000],
    ['x', 140_000],
    ['<', 100_000],
    ['"\\', 100_000],
    ['a@', 2_000],
    ['"\\"', 1_300],
    ['ü.', 2_000],
  ])('threats §3 r21: %j × %i in one string is refused within 50 ms', (piece, times) => {
    const text = piece.repeat(times);
    expect(parseAddress(text).ok).toBe(false);
    expect(fastestOfThree(() => parseAddress(text))).toBeLessThan(50);
  });
});

describe('the name beside the address', () => {
  it.each([
    ['Name <a@b.example>', 'Name'],
    ['<a@b.example>', ''],
    ['a@b.example', ''],
    ['"Doe, John" <a@b.example>', 'Doe, John'],
    ['"Doe \\"J\\" \\\\ John" <a@b.example>', 'Doe "J" \\ John'],
    ['John "Jack" Doe <a@b.example>', 'John "Jack" Doe'],
    ['"half <a@b.example>', '"half'],
    ['"x <y>" <a@b.example>', 'x <y>'],
    ['=?utf-8?Q?x=0D=0AX-Injected:_1?= <a@b.example>', '=?utf-8?Q?x=0D=0AX-Injected:_1?='],
    ['=?utf-8?Q?admin=40bank.example?= <a@evil.example>', '=?utf-8?Q?admin=40bank.example?='],
    ['홍길동(영업부) <a@b.example>', '홍길동(영업부)'],
    ['  Name  <a@b.example>  ', 'Name'],
    ['Tab\there <a@b.example>', 'Tab\there'],
  ])('%j has the name %j', (text, name) => {
    const reading = parseAddress(text);
    expect(reading.ok ? reading.mailbox.name : reading.reason).toBe(name);
  });

  it.each([
    'A <x@y.example> <a@b.example>',
    'A> <a@b.example>',
    'A <a@b.example',
    'A a@b.example>',
    'A < a@b.example >',
    'x\r\nX-Injected: 1 <a@b.example>',
    'x\n <a@b.example>',
    '\na@b.example',
    'a@b.example\r\n',
    'x\0 <a@b.example>',
    'x\u001b <a@b.example>',
    'x\u007f <a@b.example>',
    '\ud800 <a@b.example>',
    `${'x'.repeat(999)} <a@b.example>`,
    'a\u200b@b.example',
    '=?utf-8?B?eA0KWC1JbmplY3RlZDogMQ==?=@b.example',
    '=?utf-8?Q?a=40b.example?=@c.example',
    'a\u202e@b.example',
    'a\u00a0b@c.example',
    'a\u2028@b.example',
  ])('%j is refused', (text) => {
    expect(parseAddress(text).ok).toBe(false);
  });

  it('the text is echoed as it was given, trimmed, and the canonical address stands beside it', () => {
    const reading = parseAddress(' Ada <Ada.L@BÜCHER.example> ');
    expect(reading.ok && reading.mailbox).toEqual({
      name: 'Ada',
      address: 'Ada.L@xn--bcher-kva.example',
      domain: 'xn--bcher-kva.example',
      given: 'Ada <Ada.L@BÜCHER.example>',
      needsSmtpUtf8: false,
    });
  });

  it('a canonical address stays as it is when it is read again', () => {
    for (const [, input] of ROWS) {
      const once = parseAddress(input);
      if (!once.ok) continue;
      const twice = parseAddress(once.mailbox.address);
      expect(twice.ok && twice.mailbox.address).toBe(once.mailbox.address);
    }
  });

  it('suppression compares without case, in the local part too', () => {
    expect(suppressionKey('Ada.L@b.example')).toBe('ada.l@b.example');
  });
});
