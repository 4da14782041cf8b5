import { describe, expect, test } from 'vitest';
import { readReceivedAddresses } from '../../src/mime/parse-addresses.ts';
import { readReceivedDate } from '../../src/mime/parse-date.ts';
import { readReceivedHeader } from '../../src/mime/parse-header.ts';
import { plainParameter, readParameters, textParameter } from '../../src/mime/parse-parameters.ts';
import { decodeReceivedWords } from '../../src/mime/parse-words.ts';

/** A received value has one character for each byte. */
function asCame(text: string): string {
  return Buffer.from(text).toString('latin1');
}

describe('a folded field', () => {
  const unfolded = (text: string) => readReceivedHeader(Buffer.from(text), false).fields[0]?.value;

  test('several spaces behind the fold of a subject are text: only the line end goes', () => {
    expect(unfolded('Subject: two\r\n  spaces\r\n')).toBe('two\n spaces');
  });

  test('those of any other field are indentation', () => {
    expect(unfolded('Received: from a\r\n      by b\r\n')).toBe('from a\nby b');
  });
});

describe('addresses', () => {
  const read = (text: string) =>
    readReceivedAddresses(asCame(text), null).addresses.map(({ name, address }) => [name, address]);

  test.each([
    ['a@b.example', [['', 'a@b.example']]],
    ['<a@b.example>', [['', 'a@b.example']]],
    [
      'A B <a@b.example>, c@d.example',
      [
        ['A B', 'a@b.example'],
        ['', 'c@d.example'],
      ],
    ],
    ['"Giant; \\"Big\\" Box" <a@b.example>', [['Giant; "Big" Box', 'a@b.example']]],
    ['Joe Q. Public <a@b.example>', [['Joe Q. Public', 'a@b.example']]],
    ['a@b.example (A B)', [['A B', 'a@b.example']]],
    ['A <a@b.example> (at (her) desk)', [['A (at (her) desk)', 'a@b.example']]],
    ['A\n <a@b.example\n >', [['A', 'a@b.example']]],
    ['Undisclosed recipients:;', []],
    [
      'G: a@b.example, C <c@d.example>; e@f.example',
      [
        ['', 'a@b.example'],
        ['C', 'c@d.example'],
        ['', 'e@f.example'],
      ],
    ],
    ['<@route.example:a@b.example>', [['', 'a@b.example']]],
    ['pete(his account)@silly.test(his host)', [['his account his host', 'pete@silly.test']]],
    ['jdoe@test  . example', [['', 'jdoe@test.example']]],
    ['"john doe"@b.example', [['', '"john doe"@b.example']]],
    ['Nobody', [['Nobody', '']]],
    ['', []],
    [', ,', []],
    ['=?utf-8?q?J=C3=BCrgen?= =?utf-8?q?_M=C3=BCller?= <a@b.example>', [['Jürgen Müller', 'a@b.example']]],
    ['"=?utf-8?q?J=C3=BCrgen?=" <a@b.example>', [['Jürgen', 'a@b.example']]],
    ['=?utf-8?q?a,b?= <a@b.example>', [['a,b', 'a@b.example']]],
    ['안녕 <가@나.example>', [['안녕', '가@나.example']]],
    [
      'A <a@b.example, c@d.example',
      [
        ['A', 'a@b.example'],
        ['', 'c@d.example'],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('threats §7 r22: an encoded word that decodes to an address is a name and never the address', () => {
    expect(read('=?utf-8?Q?admin=40bank.example?= <a@evil.example>')).toEqual([
      ['admin@bank.example', 'a@evil.example'],
    ]);
    expect(read('=?utf-8?Q?=3Cadmin=40bank.example=3E?= <a@evil.example>')).toEqual([
      ['<admin@bank.example>', 'a@evil.example'],
    ]);
    expect(read('=?utf-8?Q?admin=40bank.example?=')).toEqual([['admin@bank.example', '']]);
    expect(read('<=?utf-8?Q?admin=40bank.example?=>')).toEqual([['', '=?utf-8?Q?admin=40bank.example?=']]);
  });

  test('words on both sides of a comment are not glued to an address that nobody wrote', () => {
    expect(read('<user@good.example(x)evil.example>')).toEqual([['', 'user@good.example']]);
    expect(read('user@good.example(x)evil.example')).toEqual([['evil.example (x)', 'user@good.example']]);
    expect(read('"attacker@evil.example x"@internal.example')).toEqual([
      ['', '"attacker@evil.example x"@internal.example'],
    ]);
  });
});

describe('dates', () => {
  const at = (...fields: readonly [number, number, number, number, number, number]) => Date.UTC(...fields);
  test.each([
    ['Tue, 1 Jul 2003 10:52:37 +0200', at(2003, 6, 1, 8, 52, 37)],
    ['1 Jul 2003 10:52 -0330', at(2003, 6, 1, 14, 22, 0)],
    ['Thu,\n 13\n Feb\n 1969\n 23:32\n -0330 (Newfoundland (NL) Time)', at(1969, 1, 14, 3, 2, 0)],
    ['21 Nov 97 09:55:06 GMT', at(1997, 10, 21, 9, 55, 6)],
    ['21 Nov 03 09:55:06 EST', at(2003, 10, 21, 14, 55, 6)],
    ['21-Nov-1997 09:55:06 UT', at(1997, 10, 21, 9, 55, 6)],
    ['Fri Nov 21 09:55:06 1997', at(1997, 10, 21, 9, 55, 6)],
    ['1997-11-21T09:55:06+09:00', at(1997, 10, 21, 0, 55, 6)],
    ['Thu, 1 Jan 2026 10:00:60 +0900', at(2026, 0, 1, 1, 0, 59)],
  ])('%s', (text, expected) => {
    expect(readReceivedDate(text)).toBe(expected);
  });

  test.each(['', 'yesterday', '13 zzz 2021 09:55:06 +0200', '99 Jan 2021 10:00:00', '1'.repeat(1_000_000)])(
    'what is no date is none',
    (text) => {
      expect(readReceivedDate(text)).toBeNull();
    },
  );
});

describe('encoded words', () => {
  test.each([
    ['=?iso-8859-1?q?this=20is=20some=20text?=', 'this is some text'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a?=\n=?ISO-8859-2?Q?_b?=', 'a b'],
    ['=?US-ASCII*EN?Q?Keith_Moore?=', 'Keith Moore'],
    ['(=?ISO-8859-1?Q?a?= b)', '(a b)'],
    ['=?utf-8?B?7JWI64WV?= and =?euc-kr?B?vsiz5w==?=', '안녕 and 안녕'],
    ['=?utf-8?Q?=EC=95?= =?utf-8?Q?=88=EB=85=95?=', '안녕'],
    ['=?utf-8?B?7JWI6w==?=\n=?UTF-8?Q?=85=95?=', '안녕'],
    ['=?utf-8?Q?two words_here?=', 'two words here'],
    ['=?utf-8?B?7JWI\n64WV?=', '안녕'],
    ['=?utf-8?B?7JWI64WV', '=?utf-8?B?7JWI64WV'],
    ['=?no-such-charset?Q?=EC=95=88?=', '안'],
    ['=?utf-8?Q?a=0Ab?=', 'a b'],
    ['=?utf-8?Q?Why=3F?=', 'Why?'],
    ['=?utf-8?Q?Why??=', 'Why?'],
  ])('%s', (text, expected) => {
    expect(decodeReceivedWords(text, null)).toBe(expected);
  });

  test('8-bit bytes inside a word are what the word says, outside what the mail is written in', () => {
    expect(decodeReceivedWords('=?iso-8859-1?Q?Gr\xfc\xdfe?= \xb0\xa1', 'windows-949')).toBe('Grüße 가');
  });

  test('a word is decoded once: what it decodes to is text', () => {
    const inner = '=?utf-8?Q?twice?=';
    expect(decodeReceivedWords(`=?utf-8?B?${btoa(inner)}?=`, null)).toBe(inner);
  });
});

describe('parameters', () => {
  const name = (field: string, parameter = 'filename') =>
    textParameter(readParameters(asCame(field)), parameter, null);

  test.each([
    ['attachment; filename=a.txt', 'a.txt'],
    ['attachment; FILENAME = "a b.txt" ; x', 'a b.txt'],
    ['attachment; filename=a b.txt; size=3', 'a b.txt'],
    ['attachment; filename="C:\\temp\\a.txt"', 'C:\\temp\\a.txt'],
    ['attachment; filename="a \\"b\\".txt"', 'a "b".txt'],
    ["attachment; filename*=utf-8'ko'%EC%95%88%EB%85%95.txt", '안녕.txt'],
    ["attachment;\nfilename*0*=utf-8''%EC%95;\nfilename*1*=%88.t;\nfilename*2=xt", '안.txt'],
    ['attachment; filename*1=b; filename*0=a; filename*3=d', 'ab'],
    ['attachment; filename="=?utf-8?B?7JWI64WVLnR4dA==?="', '안녕.txt'],
    ['attachment; filename==?utf-8?B?7JWI64WVLnR4dA==?=', '안녕.txt'],
    ['attachment; filename="안녕.txt"', '안녕.txt'],
    ['attachment; filename="a\nb.txt"', 'a b.txt'],
    ['attachment\nfilename=a.txt', 'a.txt'],
    ['(a comment) attachment (another); filename=a.txt', 'a.txt'],
  ])('%s', (field, expected) => {
    expect(name(field)).toBe(expected);
  });

  test('threats §7 r23: of file names in conflict `filename*` counts, then `filename*0`, then `filename`', () => {
    const plain = 'filename=plain.txt';
    const sections = 'filename*0=sections.txt';
    const extended = "filename*=utf-8''extended.txt";
    expect(name(`attachment; ${plain}; ${sections}; ${extended}`)).toBe('extended.txt');
    expect(name(`attachment; ${extended}; ${sections}; ${plain}`)).toBe('extended.txt');
    expect(name(`attachment; ${plain}; ${sections}`)).toBe('sections.txt');
    expect(name('attachment; filename=first.txt; filename=second.txt')).toBe('first.txt');
  });

  test('threats §7 r20: parameters named __proto__ and constructor are parameters like others', () => {
    const field = readParameters('text/plain; __proto__=a; constructor=b; charset=utf-8');
    expect(plainParameter(field, '__proto__')).toBe('a');
    expect(plainParameter(field, 'constructor')).toBe('b');
    expect(plainParameter(readParameters('text/plain'), 'constructor')).toBeNull();
  });
});
