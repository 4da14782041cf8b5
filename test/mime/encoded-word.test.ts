import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charsetOf } from '../../src/mime/charsets.ts';
import { decodeWords, encodeWords } from '../../src/mime/encoded-word.ts';
import { corpusFile } from '../support/corpora.ts';
import { expectProportional } from '../support/growth.ts';
import { fastestOfThree } from './stopwatch.ts';

describe('encoding', () => {
  it('no word is longer than 75 characters, or than the room beside the name of its field', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 0, max: 80 }),
        (text, first) => {
          const words = encodeWords(text.toWellFormed(), first);
          expect(Math.max(...words.map((word) => word.length))).toBeLessThanOrEqual(75);
          expect(words[0]?.length).toBeLessThanOrEqual(Math.max(first, 24));
          for (const word of words) expect(word).toMatch(/^=\?utf-8\?[BQ]\?[!-<>@-~]*(?:=[!-<>@-~]*)*\?=$/);
        },
      ),
    );
  });

  it('every word holds whole characters, so that each can be decoded alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const decoded = encodeWords(text, 75).map(decodeWords);
        expect(decoded.join('')).toBe(text.replace(/\p{Cc}/gu, ' '));
      }),
    );
  });

  it('Latin text stays legible, other scripts take the shorter form', () => {
    expect([encodeWords('Grüße', 75), encodeWords('안녕', 75)]).toEqual([
      ['=?utf-8?Q?Gr=C3=BC=C3=9Fe?='],
      ['=?utf-8?B?7JWI64WV?='],
    ]);
  });
});

describe('decoding', () => {
  it.each([
    ['plain', 'plain'],
    ['=?utf-8?Q?a_b=3D?=', 'a b='],
    ['=?UTF-8?b?w7w=?=', 'ü'],
    ['=?utf-8*en?Q?a?=', 'a'],
    ['=?iso-8859-1?q?J=F6rg?= x', 'Jörg x'],
    ['a =?utf-8?Q?b?= c', 'a b c'],
    ['=?utf-8?Q?a?=  =?utf-8?Q?b?=', 'ab'],
    ['=?utf-8?B?7Q==?= =?utf-8?B?lZw=?=', '한'],
    ['=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?euc-kr?B?x9E=?=', '한'],
    ['=?ks_c_5601-1987?B?jGM=?=', '똠'],
    ['=?us-ascii?Q?a?=', 'a'],
    ['=?utf-7?Q?+AOQ-?=', '=?utf-7?Q?+AOQ-?='],
    ['=?no-such-charset?Q?a?=', '=?no-such-charset?Q?a?='],
    ['=?utf-8?X?a?=', '=?utf-8?X?a?='],
    ['=?utf-8?B?%%%?=', '=?utf-8?B?%%%?='],
    ['=?utf-8?Q?x=0D=0AX-Injected=3A_1?=', 'x  X-Injected: 1'],
    ['=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=', '=?utf-8?Q?x?='],
    ['=?utf-8?Q??=', ''],
    ['=?utf-8?Q?=ZZ?=', '=ZZ'],
    ['=?', '=?'],
  ])('%j is shown as %j', (written, shown) => {
    expect(decodeWords(written)).toBe(shown);
  });

  it.each(['=?', '=?a?q?', '=?utf-8?Q?a?= ', '?= ', '=?utf-8?B?', '=?utf-8?Q?=41?='])(
    'threats §7 r14: a flood of %j takes time in proportion',
    async (piece) => {
      await expectProportional(256_000 / piece.length, (count) => decodeWords(piece.repeat(count)));
    },
  );
});

interface CorpusRow {
  readonly header: string;
  readonly expected: unknown;
}

const rows: readonly CorpusRow[] = JSON.parse(
  corpusFile('mail-parser/headers/unstructured.json')?.toString('utf8') ?? '[]',
);

/** Words cut by a fold are no words (RFC 2047 §2), and white space beside them is a matter of taste. */
it.skipIf(rows.length === 0)('the words of the mail-parser table are decoded as there', () => {
  const letters = (text: unknown) => String(text).replace(/\s/g, '');
  const wrong = rows
    .filter(({ header }) => !/=\?[^?\s]*\?[bq]\?[^?]*\n/i.test(header))
    .map(({ header, expected }) => ({
      expected: letters(typeof expected === 'string' ? expected : Object.values(expected ?? {})[0]),
      shown: letters(decodeWords(header.split(/\r?\n(?![ \t])/)[0]?.replace(/\r?\n/g, '') ?? '')),
    }))
    .filter(({ expected, shown }) => expected !== shown);
  expect(wrong).toEqual([]);
});

describe('words of charsets that there are not', () => {
  const flood = (charset: (nth: number) => string) =>
    Array.from({ length: 15_000 }, (_, nth) => `=?${charset(nth)}?q?=E9?=`).join(' ');

  it.each([
    ['one', () => 'x'],
    ['many', (nth: number) => `x_${nth}-y`],
  ])(
    'threats §7 r14: a header full of words of %s unknown charset costs hardly more than one of UTF-8',
    (_, unknown) => {
      const [plain, odd] = [flood(() => 'utf-8'), flood(unknown)];
      const usual = fastestOfThree(() => decodeWords(plain));
      expect(fastestOfThree(() => decodeWords(odd))).toBeLessThan(6 * usual + 20);
    },
  );

  it.each([
    ['ISO_8859-2:1987', 'iso-8859-2'],
    ['windows_1252', 'windows-1252'],
    ['cp-1251', 'windows-1251'],
    ['x-x-big5', 'big5'],
    ['DOS-874', 'windows-874'],
    ['unicodeFFFE', 'utf-16be'],
    ['utf 8', 'utf-8'],
    ['koi8_r', 'koi8-r'],
  ])('%s is known all the same', (label, name) => {
    expect(charsetOf(label)).toEqual({ kind: 'known', name });
    expect(new TextDecoder(name).encoding).toBe(name);
  });
});
