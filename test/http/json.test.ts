import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json, parseJson } from '../../src/http/json.ts';
import { guardJson, MAX_DEPTH, MAX_ELEMENTS, MAX_KEYS } from '../../src/http/json-guard.ts';
import { countCases } from '../support/cases.ts';
import { corpusFile, corpusPaths } from '../support/corpora.ts';
import { expectProportional } from '../support/growth.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const guard = (text: string, cutsContents = true): string => guardJson(bytesOf(text), cutsContents).kind;
const codeOf = (bytes: Uint8Array): string => {
  const parsed = parseJson(bytes);
  return parsed.ok ? 'accepted' : parsed.refusal.code;
};

describe('threats §6 r12: what is JSON is accepted, what is not is refused', () => {
  // Written from RFC 8259, so that the rule is held where the corpus is not there.
  test.each(
    `{} [] {"a":1} [1,-0,0.5,1e5,1E-5,1.5e+3,-1] "text" 7 -1 null true false "" ["\\u0000\\uD83D\\uDE00\\/\\b\\f\\n\\r\\t\\\\\\""] [[[]]] {"":0} {"a":{"b":[null]}}`.split(
      ' ',
    ),
  )('%s is JSON', (text) => {
    expect(codeOf(bytesOf(text))).toBe('accepted');
    expect(codeOf(bytesOf(` \t\r\n${text} \t\r\n`))).toBe('accepted');
  });

  test.each([
    ...`[1,] {"a":1,} [,1] [1 {a:1} {'a':1} {"a" {"a":} {"a",1} [01] [+1] [1.] [.5] [1e] [1e+] [0x1] [-] [--1] NaN Infinity -Infinity`.split(
      ' ',
    ),
    ...`undefined tru nul True "a ["a\\x"] ["\\u12"] ["\\uZZZZ"] ] } {]} [}] 1,2 {}{} [1]x // [1/**/] {"a":1/*b*/} \\u0000`.split(
      ' ',
    ),
    ' ',
    '["\u0000"]',
    '["\n"]',
    '["\t"]',
    '\ufeff{}',
    '\u00a0{}',
    '{"a":1}\u0000',
    '(1)',
    '{}; ',
  ])('%j is not', (text) => {
    expect(codeOf(bytesOf(text))).toBe('malformed_body');
  });

  test('the corpus agrees, and nothing in it is a surprise', (context) => {
    const paths = corpusPaths('jsontestsuite/test_parsing');
    countCases(context, paths.length);
    const wrong = paths.filter((path) => {
      const name = basename(path);
      if (!name.endsWith('.json')) return false;
      // Nothing at all is no JSON, and in this API it means `{}`.
      if (name === 'n_structure_no_data.json') return false;
      const code = codeOf(new Uint8Array(corpusFile(path) ?? []));
      if (name.startsWith('y_')) return code !== 'accepted';
      if (name.startsWith('n_')) return code !== 'malformed_body';
      return !['accepted', 'malformed_body', 'validation_error'].includes(code);
    });
    expect(wrong).toEqual([]);
  });
});

test('no body at all means an empty object', () => {
  expect(parseJson(new Uint8Array())).toEqual({ ok: true, value: {} });
});

describe('threats §6 r7: numbers and characters that are none are refused', () => {
  test.each([
    ['1e400', '[1e400]'],
    ['-1e400', '{"a":-1e400}'],
    ['400 digits', `[${'9'.repeat(400)}]`],
    ['a number that starts the text', `${'9'.repeat(400)}`],
  ])('%s is too large', (_, text) => {
    expect(codeOf(bytesOf(text))).toBe('malformed_body');
  });

  test.each(['[1e308]', '[1e-400]', `[0.${'1'.repeat(400)}]`, `["1e400"]`, `["${'9'.repeat(400)}"]`])(
    'and %.20s is not',
    (text) => {
      expect(codeOf(bytesOf(text))).toBe('accepted');
    },
  );

  test.each([
    [String.raw`{"subject":"\ud800"}`, 'subject'],
    [String.raw`{"to":["a","x\uDC00y"]}`, 'to[1]'],
    [String.raw`[{"a":1},{"headers":{"X-A":"\ud800\ud800\udc00"}}]`, '[1].headers.X-A'],
    [String.raw`{"\ud800":1}`, 'body'],
    [String.raw`{"a":"\\\ud83d\\ude00"}`, 'a'],
  ])('half a surrogate pair in %s is refused with its path', (text, field) => {
    const parsed = parseJson(bytesOf(text));
    expect(parsed.ok ? null : parsed.refusal).toMatchObject({ code: 'validation_error', field });
  });

  test.each([
    String.raw`["\ud83d\ude00"]`,
    String.raw`["\\ud800"]`,
    '["😀"]',
    String.raw`["\ud83d\ude00\ud83d\ude00"]`,
  ])('a whole pair in %s is a character', (text) => {
    expect(codeOf(bytesOf(text))).toBe('accepted');
  });

  test.each([
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['UTF-16 little end first', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ['UTF-16 big end first', [0xfe, 0xff, 0x00, 0x7b, 0x00, 0x7d]],
    ['UTF-16 without a mark', [0x7b, 0x00, 0x7d, 0x00]],
    ['half a character', [0x22, 0xc3, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])('%s is not JSON', (_, bytes) => {
    expect(codeOf(Uint8Array.from(bytes))).toBe('malformed_body');
  });
});

describe('threats §6 r4: depth and keys are counted before anything recursive sees them', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
  const keys = (count: number): string =>
    `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`;

  test('the deepest level passes and one more does not', () => {
    expect(codeOf(bytesOf(nested(MAX_DEPTH)))).toBe('accepted');
    expect(codeOf(bytesOf(nested(MAX_DEPTH + 1)))).toBe('malformed_body');
    expect(codeOf(bytesOf('['.repeat(MAX_DEPTH + 1)))).toBe('malformed_body');
  });

  test('a million levels and half a million keys are refused at once', () => {
    expect(guard('{"a":'.repeat(1_000_000))).toBe('too_deep');
    expect(guard('['.repeat(1_000_000))).toBe('too_deep');
    expect(guard(keys(500_000))).toBe('too_many_keys');
  });

  test('ten thousand keys pass and one more does not', () => {
    expect(guard(keys(MAX_KEYS))).toBe('passed');
    expect(guard(keys(MAX_KEYS + 1))).toBe('too_many_keys');
  });

  test('a list is as long as a full batch may be, and no longer', () => {
    expect(guard(`[${'0,'.repeat(MAX_ELEMENTS)}0]`)).toBe('passed');
    expect(guard(`[${'0,'.repeat(MAX_ELEMENTS + 1)}0]`)).toBe('too_many_elements');
  });

  test('braces, brackets and colons inside strings are not counted', () => {
    expect(guard(JSON.stringify({ a: '{'.repeat(100) + '\\"['.repeat(100) + ':'.repeat(20_000) }))).toBe(
      'passed',
    );
  });

  const bytes = Array.from({ length: 200_000 }, () => 104);
  const indexed = `{${bytes.map((byte, index) => `"${index}":${byte}`).join(',')}}`;

  test('the bytes of an attachment are data, in every spelling that SDKs have', () => {
    for (const content of [
      JSON.stringify(bytes),
      indexed,
      `{"type":"Buffer","data":${JSON.stringify(bytes)}}`,
    ]) {
      expect(guard(`{"attachments":[{"filename":"a","content":${content}}]}`)).toBe('passed');
      expect(guard(`[{"attachments":[{"content":${content}},{"content":${content}}]}]`)).toBe('passed');
    }
  });

  test('and only there', () => {
    expect(guard(`{"content":${indexed}}`)).toBe('too_many_keys');
    expect(guard(`{"attachments":{"content":${indexed}}}`)).toBe('too_many_keys');
    expect(guard(`{"attachments":[{"contents":${indexed}}]}`)).toBe('too_many_keys');
    expect(guard(`{"attachments":[{"content":"x"}],"to":${indexed}}`)).toBe('too_many_keys');
    expect(guard(`{"attachments":[{"content":${keys(MAX_KEYS + 1)}}]}`)).toBe('too_many_keys');
    expect(guard(`{"to":${JSON.stringify(bytes)}}`)).toBe('too_many_elements');
  });

  test('where nobody cuts them out, they are counted like anything else', () => {
    const inMail = (content: string): string => `{"attachments":[{"content":${content}}]}`;
    expect(guard(inMail(JSON.stringify(bytes)), false)).toBe('too_many_elements');
    expect(guard(inMail(indexed), false)).toBe('too_many_keys');
    expect(codeOf(bytesOf(inMail(`[${'{},'.repeat(MAX_ELEMENTS + 1)}{}]`)))).toBe('malformed_body');
  });
});

test('threats §6 r7: a number of millions of digits is refused unread', () => {
  expect(guard(`{"a":${'1'.repeat(5_000)}}`)).toBe('number_too_large');
  expect(guard(`{"a":0.${'1'.repeat(5_000)}}`)).toBe('number_too_large');
  expect(guard(`{"a":0.${'1'.repeat(4_000)}}`)).toBe('passed');
});

describe('the guard is linear', () => {
  test.each([
    ['quotes', '', '"'],
    ['backslashes', '"', '\\'],
    ['escaped quotes', '"', '\\"'],
    ['escaped units', '"', '\\ud800'],
    ['short strings', '', '"a",'],
    ['digits', '', '1'],
    ['exponents', '', '1e9 '],
  ])('over four million bytes of %s', async (_, start, unit) => {
    await expectProportional(4_000_000 / unit.length, (count) => {
      guardJson(bytesOf(start + unit.repeat(count)), true);
    });
  });
});

test('the guard lets every small JSON value pass, and counts its keys as they are', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(guard(text)).toBe('passed');
    }),
  );
});

test('canonical JSON is the same for the same value in any order, and differs for another value', () => {
  const shuffled = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(shuffled);
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, item]) => [key, shuffled(item)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(shuffled(value as Json))).toBe(canonicalJson(value as Json));
      expect(JSON.parse(canonicalJson(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(canonicalJson({ b: 1, a: [2, { d: 3, c: 4 }] })).toBe('{"a":[2,{"c":4,"d":3}],"b":1}');
  expect(canonicalJson({ a: 1 })).not.toBe(canonicalJson({ a: '1' }));
});
