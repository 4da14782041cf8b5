import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readReply, toSmtpReply } from '../../src/relay/reply.ts';
import { createReplyReader, MAX_REPLY_BYTES } from '../../src/relay/reply-reader.ts';
import { escapeReplyText, REPLY_TEXT_BYTES } from '../../src/relay/reply-text.ts';
import { holds } from './support.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('A reply is read', () => {
  test.each([
    ['250 ok', 250, null, 'ok'],
    ['250', 250, null, ''],
    ['250 ', 250, null, ''],
    ['550 5.1.1 user unknown', 550, '5.1.1', '5.1.1 user unknown'],
    ['550-5.1.1 first\n550 5.1.1 second', 550, '5.1.1', '5.1.1 first second'],
    ['550-5.1.1 first\r\n550 5.1.1 second', 550, '5.1.1', '5.1.1 first second'],
    ['550-no code here\n550 at all', 550, null, 'no code here at all'],
    ['550 5.7.26', 550, '5.7.26', '5.7.26'],
    ['550 5.100.999 odd but well formed', 550, '5.100.999', '5.100.999 odd but well formed'],
    // The two may contradict each other: which one wins is decided elsewhere.
    ['550 4.2.2 full', 550, '4.2.2', '4.2.2 full'],
    ['450 5.1.1 unknown', 450, '5.1.1', '5.1.1 unknown'],
    // A success code in a refusal, or a refusal's in a success, says nothing.
    ['550 2.0.0 what', 550, null, '2.0.0 what'],
    ['250 5.0.0 what', 250, null, '5.0.0 what'],
    ['354 2.0.0 go on', 354, null, '2.0.0 go on'],
    // Within a class the last line counts.
    ['551-one\n554 other', 554, null, 'one other'],
    ['550 5.1.1user unknown', 550, null, '5.1.1user unknown'],
    ['550 15.1.1 no', 550, null, '15.1.1 no'],
    ['550 5.1 no', 550, null, '5.1 no'],
    ['550 Benutzer unbekannt: Müller', 550, null, 'Benutzer unbekannt: Müller'],
  ] as const)('%j', (lines, code, enhancedCode, text) => {
    expect(readReply(lines)).toEqual({ code, enhancedCode, text });
  });
});

describe('A complete line that is no reply is unreadable, and never a guess', () => {
  test.each([
    '',
    ' ',
    'hello',
    '2',
    '25',
    '2500 too many digits',
    '250ok',
    '25O ok',
    ' 250 ok',
    '\t250 ok',
    '150 preliminary',
    '600 beyond',
    '999',
    '000 zero',
    '-250 ok',
    '250-first\n550 second of another class',
    '550-first\n450 softer',
    '250-first\nnot a code',
    'garbage\n250 ok',
    '\u0016\u0003\u0001',
    '２５０ full-width digits',
    'HTTP/1.1 400 Bad Request',
    '+OK POP3 ready',
    '* OK IMAP4 ready',
  ])('%j', (lines) => {
    expect(readReply(lines).code).toBeNull();
  });
});

describe('Reply text is data', () => {
  it('escapes what a terminal, a log or a page might obey', () => {
    const text = escapeReplyText('a\u0000b\u001b[31m\r\nc\u007f\u0085\u202e\u2028\u2066\ufeff');
    expect(text).toBe('a\\u{0}b\\u{1b}[31m\\u{d}\\u{a}c\\u{7f}\\u{85}\\u{202e}\\u{2028}\\u{2066}\\u{feff}');
  });

  it('cuts at 2 KB, never inside a character', () => {
    for (const character of ['x', 'ü', '한', '😀', '\u0007']) {
      const cut = escapeReplyText(character.repeat(1_000_000));
      expect(bytes(cut).length).toBeLessThanOrEqual(REPLY_TEXT_BYTES);
      expect(bytes(cut).length).toBeGreaterThan(REPLY_TEXT_BYTES - 4);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut).not.toContain('\ufffd');
    }
  });

  it('shows the whole reply on one line, within the same cut', () => {
    const reply = readReply(`550-5.1.1 first\n550 5.1.1 ${'x'.repeat(5000)}`);
    if (reply.code === null) throw new Error('readable');
    const smtp = toSmtpReply(reply, { remoteHost: 'mx.example', tls: 'TLSv1.3' });
    expect(smtp).toMatchObject({
      code: 550,
      enhancedCode: '5.1.1',
      remoteHost: 'mx.example',
      tls: 'TLSv1.3',
    });
    expect(smtp.response).toMatch(/^550 5\.1\.1 first x+$/);
    expect(bytes(smtp.response).length).toBe(REPLY_TEXT_BYTES);
  });

  it('whatever comes, the outcome is bounded, well formed and free of controls', () => {
    holds(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const reply = readReply(text);
        expect(reply.text.isWellFormed()).toBe(true);
        expect(reply.text).not.toMatch(/\p{Cc}/u);
        expect(bytes(reply.text).length).toBeLessThanOrEqual(REPLY_TEXT_BYTES);
        if (reply.code !== null) expect(reply.code >= 200 && reply.code < 600).toBe(true);
      }),
      500,
    );
  });
});

describe('Replies are cut out of what arrives', () => {
  const read = (...chunks: readonly Uint8Array[]) => {
    const reader = createReplyReader();
    return chunks.flatMap((chunk) => reader.push(chunk)).map(({ reply }) => reply);
  };

  it('reads the same however the bytes are cut', () => {
    const line = fc.record({
      code: fc.constantFrom('250', '354', '421', '550', '55', 'what', ''),
      mark: fc.constantFrom(' ', '-'),
      text: fc.string({ maxLength: 20 }),
      end: fc.constantFrom('\r\n', '\n'),
    });
    holds(
      fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(200)), (lines, cuts) => {
        const whole = bytes(lines.map(({ code, mark, text, end }) => code + mark + text + end).join(''));
        const edges = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = edges.slice(1).map((edge, place) => whole.subarray(edges[place], edge));
        expect(read(...chunks)).toEqual(read(whole));
      }),
      300,
    );
  });

  it('a character that is cut in two is whole again; a byte that is no UTF-8 stays a byte', () => {
    const whole = bytes('250 Grüße 한국어\r\n');
    expect(read(...Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual([
      { code: 250, enhancedCode: null, text: 'Grüße 한국어' },
    ]);
    expect(read(Uint8Array.of(0x32, 0x35, 0x30, 0x20, 0xfc, 0x0d, 0x0a))).toEqual([
      { code: 250, enhancedCode: null, text: 'ü' },
    ]);
  });

  it('half a line is no reply, however complete it looks', () => {
    expect(read(bytes('250 2.0.0 queued'))).toEqual([]);
    expect(read(bytes('550-5.1.1 first\r\n'))).toEqual([]);
    expect(read(bytes('250 ok\r'))).toEqual([]);
  });

  it('empty lines between replies are passed over, inside a reply they spoil it', () => {
    expect(read(bytes('\r\n\r\n250 ok\r\n'))).toHaveLength(1);
    expect(read(bytes('250-ok\r\n\r\n'))).toEqual([{ code: null, text: '250-ok ' }]);
  });

  it('a reply that never ends is not kept', () => {
    const reader = createReplyReader();
    const chunk = bytes('x'.repeat(16 * 1024));
    for (let sent = 0; sent < 64 * MAX_REPLY_BYTES; sent += chunk.length) reader.push(chunk);
    const [heard] = reader.push(bytes('\r\n'));
    expect(heard?.lines.length ?? 0).toBeLessThanOrEqual(MAX_REPLY_BYTES);
  });
});
