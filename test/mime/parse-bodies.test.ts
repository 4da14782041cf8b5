import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMail } from '../../bench/scores/read-mail.ts';
import { charsetOf, decodeCharset } from '../../src/mime/charsets.ts';
import { unflowed } from '../../src/mime/flowed.ts';
import { type TransferEncoding, transferDecoder } from '../../src/mime/transfer-decoder.ts';

function decode(encoding: TransferEncoding, bytes: Uint8Array, step = 4_096): Buffer {
  const decoder = transferDecoder(encoding);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += step)
    pieces.push(decoder.decode(bytes.subarray(at, at + step)).slice());
  return Buffer.concat([...pieces, decoder.end()]);
}

const text = (encoding: TransferEncoding, given: string) =>
  decode(encoding, Buffer.from(given, 'latin1')).toString('latin1');

describe('transfer encodings', () => {
  test.each([
    ['YWJj', 'abc'],
    ['YWI=', 'ab'],
    ['YQ==', 'a'],
    ['YQ', 'a'],
    ['YWI', 'ab'],
    ['Y W\r\nJ!j', 'abc'],
    ['YQ==YmM=', 'abc'],
    ['Y', ''],
    ['', ''],
    ['====', ''],
  ])('base64 of %j', (given, expected) => {
    expect(text('base64', given)).toBe(expected);
  });

  test.each([
    ['a=3Db', 'a=b'],
    ['a=e9b', 'a\xe9b'],
    ['soft=\r\nbreak', 'softbreak'],
    ['soft= \t\nbreak', 'softbreak'],
    ['trailing \t\r\nspace', 'trailing\r\nspace'],
    ['trailing  ', 'trailing'],
    ['kept=20\r\n', 'kept \r\n'],
    ['=ZZ=', '=ZZ'],
    ['a == b', 'a == b'],
    ['8-bit \xe9', '8-bit \xe9'],
    ['=\rx', '=\rx'],
  ])('quoted-printable of %j', (given, expected) => {
    expect(text('quoted-printable', given)).toBe(expected);
  });

  test('uuencode, up to `end`, with what stands around it left out', () => {
    expect(text('uuencode', 'junk\nbegin 644 a b.txt\r\n#86)C\r\n#86)C\r\n`\r\nend\r\nmore')).toBe('abcabc');
    expect(text('uuencode', 'begin 644 a\n#86)C')).toBe('abc');
    expect(text('uuencode', 'no beginning\n#86)C\n')).toBe('');
  });

  test('decoding does not depend on the pieces, and undoes what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (bytes, step) => {
        const base64 = Buffer.from(Buffer.from(bytes).toString('base64').replace(/.{16}/g, '$&\r\n'));
        expect(decode('base64', base64, step)).toEqual(Buffer.from(bytes));
        const quoted = Buffer.from(
          [...bytes].map((byte) => `=${byte.toString(16).padStart(2, '0')}=\r\n`).join(''),
        );
        expect(decode('quoted-printable', quoted, step)).toEqual(Buffer.from(bytes));
      }),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('=', '3', 'D', ' ', '\r', '\n', 'x') }),
        fc.integer({ min: 1, max: 5 }),
        (given, step) => {
          const bytes = Buffer.from(given);
          expect(decode('quoted-printable', bytes, step)).toEqual(decode('quoted-printable', bytes));
          expect(decode('uuencode', bytes, step)).toEqual(decode('uuencode', bytes));
        },
      ),
    );
  });
});

describe('charsets', () => {
  const decoded = (label: string | null, bytes: readonly number[], elsewhere: string | null = null) =>
    decodeCharset(Uint8Array.from(bytes), label, elsewhere);

  test.each([
    'ks_c_5601-1987',
    'KS_C_5601-1989',
    'ksc5601',
    'EUC-KR',
    'cp949',
    'MS949',
    'windows-949',
    'uhc',
  ])('%s is code page 949, with the syllables that EUC-KR lacks', (label) => {
    expect(decoded(label, [0xb0, 0xa1, 0x8c, 0x63, 0x41, 0xc6, 0x52, 0xa2, 0xe6])).toBe('가똠A힣€');
  });

  test('code page 949 has all 11,172 Hangul syllables, each once', () => {
    const pairs: number[] = [];
    for (let lead = 0x81; lead < 0xff; lead += 1)
      for (let trail = 0x41; trail < 0xff; trail += 1) pairs.push(lead, trail, 0x0a);
    const syllables = decoded('cp949', pairs).match(/[\uac00-\ud7a3]/g) ?? [];
    expect([syllables.length, new Set(syllables).size]).toEqual([11_172, 11_172]);
  });

  test('a lead byte without its trail swallows no markup', () => {
    expect(decoded('euc-kr', [0xb0, 0x3c, 0x62, 0x3e])).toBe('\ufffd<b>');
    expect(decoded('euc-kr', [0xb0])).toBe('\ufffd');
  });

  test.each([
    ['HZ-GB-2312', '~{<:Ky2;~}~~ ok', '己所不~ ok'],
    ['hz-gb-2312', 'a~\nb', 'ab'],
    ['hz-gb-2312', '~{<:\n<b>', '己\n<b>'],
    ['ISO-2022-KR', '\x1b$)C\x0e0!\x0fA\x0e3*', '가A나'],
    ['ISO-2022-KR', '\x1b$)C\x0e0!\nA', '가\nA'],
    ['ISO-2022-JP', '\x1b$B$"\x1b(BA', 'あA'],
    ['iso-2022-jp-ms', '\x1b$B-!\x1b(I1\x1b(J\\', '①ｱ\\'],
    ['iso-2022-jp-2', '\x1b$(C0!\x1b$A<:\x1b(B', '가己'],
  ])(
    '%s is decoded by us, since a runtime does not know it or knows it in part',
    (label, given, expected) => {
      expect(decoded(label, [...Buffer.from(given, 'latin1')])).toBe(expected);
    },
  );

  test.each([
    ['gb2312', [0x81, 0x40], '丂'],
    ['cp936', [0x81, 0x40], '丂'],
    ['cp932', [0x87, 0x40], '①'],
    ['big5-hkscs', [0xa4, 0xa4], '中'],
    ['cp1252', [0x80], '€'],
    ['latin1', [0x80], '€'],
    ['utf-16', [0xfe, 0xff, 0xac, 0x00], '가'],
    ['utf-16', [0xff, 0xfe, 0x00, 0xac], '가'],
    ['UTF8', [0xef, 0xbb, 0xbf, 0x41], 'A'],
    ['koi8-r', [0xc1], 'а'],
  ])('%s means what mail means by it', (label, bytes, expected) => {
    expect(decoded(label, bytes)).toBe(expected);
  });

  test('what names no charset is UTF-8 if it can be, else the charset of the rest, else windows-1252', () => {
    for (const label of [null, '', 'us-ascii', 'x-unknown', 'no-such-thing', '8bit', 'x'.repeat(1_000_000)]) {
      expect(decoded(label, [...Buffer.from('안녕')])).toBe('안녕');
      expect(decoded(label, [0xb0, 0xa1], 'windows-949')).toBe('가');
      expect(decoded(label, [0x80])).toBe('€');
      expect(decoded(label, [...Buffer.from('\x1b$B$"\x1b(B')])).toBe('あ');
    }
  });

  test('what says UTF-8 and holds not one character of it is windows-1252', () => {
    expect(decoded('utf-8', [0x47, 0x72, 0xfc, 0xdf, 0x65])).toBe('Grüße');
    expect(decoded('utf-8', [...Buffer.from('안'), 0xfc])).toBe('안\ufffd');
  });

  test('threats §7 r18: UTF-7 is shown as text, in bodies, subjects and file names', async () => {
    const script = '+ADw-script+AD4-';
    for (const label of ['utf-7', 'UTF7', 'unicode-1-1-utf-7', 'csUnicode11UTF7', 'x-utf-7']) {
      expect(decoded(label, [...Buffer.from(script)])).toBe(script);
      const word = `=?${label}?Q?${script}?=`;
      const mail = await readMail(
        Buffer.from(`Subject: ${word}\r\nContent-Type: text/html; charset=${label}\r\n\r\n${script}`),
      );
      expect([mail.subject, mail.html]).toEqual([word, script]);
    }
    expect(charsetOf('utf-7').kind).toBe('utf-7');
  });

  test('a page that declares its charset itself is believed where the mail declares none', async () => {
    const page = Buffer.concat([Buffer.from('<meta charset="euc-kr"><p>'), Buffer.from([0xb0, 0xa1])]);
    const read = async (type: string) =>
      (await readMail(Buffer.concat([Buffer.from(`Content-Type: ${type}\r\n\r\n`), page]))).html;
    expect(await read('text/html')).toMatch(/가$/);
    expect(await read('text/html; charset=iso-8859-1')).toMatch(/°¡$/);
  });
});

describe('format=flowed', () => {
  test.each([
    ['one \ntwo\nthree', 'one two\nthree'],
    ['>> a \n>> b\n> c \nd', '>> a b\n> c \nd'],
    [' From here', 'From here'],
    ['> > a', '> > a'],
    ['text \n-- \nname', 'text \n-- \nname'],
    ['', ''],
    ['one \n', 'one '],
  ])('%j', (given, expected) => {
    expect(unflowed(given, false)).toBe(expected);
  });

  test('with delsp the space goes, as text without spaces between words needs it', () => {
    expect(unflowed('안 \n녕', true)).toBe('안녕');
  });
});
