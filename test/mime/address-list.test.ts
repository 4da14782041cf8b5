import { describe, expect, it } from 'vitest';
import { readAddressList } from '../../src/mime/address-list.ts';
import { corpusFile } from '../support/corpora.ts';
import { expectProportional } from '../support/growth.ts';

const names = (value: string) => {
  const reading = readAddressList(value);
  return reading.ok
    ? reading.mailboxes.map(({ name, address }) => (name === '' ? address : [name, address]))
    : reading.rule;
};

describe('address lists of a header that are read', () => {
  it.each([
    ['a@b.example', ['a@b.example']],
    ['<a@b.example>', ['a@b.example']],
    ['a@b.example, c@D.example', ['a@b.example', 'c@d.example']],
    ['Ada <a@b.example>', [['Ada', 'a@b.example']]],
    ['"Doe, John" <a@b.example>, x@y.example', [['Doe, John', 'a@b.example'], 'x@y.example']],
    ['"a \\"q\\" \\\\" <a@b.example>', [['a "q" \\', 'a@b.example']]],
    ['J. R. "Bob" Dobbs <a@b.example>', [['J. R. Bob Dobbs', 'a@b.example']]],
    ['Ada (the first) <a@b.example> (home)', [['Ada', 'a@b.example']]],
    ['(a (nested \\) , x@y.example) one) a@b.example', ['a@b.example']],
    ['a@b.example (Ada)', ['a@b.example']],
    [
      'Team: a@b.example, Bo <c@d.example>;, e@f.example',
      ['a@b.example', ['Bo', 'c@d.example'], 'e@f.example'],
    ],
    ['undisclosed-recipients:;', []],
    ['', []],
    [' , a@b.example,, ', ['a@b.example']],
    ['=?utf-8?B?7ZmN6ri464+Z?= <a@b.example>', [['홍길동', 'a@b.example']]],
    ['=?iso-8859-1?Q?J=F6rg?= =?iso-8859-1?Q?_M=FCller?= <a@b.example>', [['Jörg Müller', 'a@b.example']]],
    [
      '"=?utf-8?Q?admin=40bank.example?=" <a@evil.example>',
      [['=?utf-8?Q?admin=40bank.example?=', 'a@evil.example']],
    ],
    ['=?utf-8?Q?x=0D=0AX-Injected=3A_1?= <a@b.example>', [['x  X-Injected: 1', 'a@b.example']]],
    ['=?ks_c_5601-1987?B?yKux5rW/?= <a@b.example>', [['홍길동', 'a@b.example']]],
    ['evil@x.example <a@b.example>', [['evil@x.example', 'a@b.example']]],
  ])('%j', (value, expected) => {
    expect(names(value)).toEqual(expected);
  });
});

describe('address lists that two readers would read differently are refused', () => {
  it.each([
    'root',
    'Ada',
    'a b@c.example',
    'a@b.example c@d.example',
    'a@b.example; c@d.example',
    'Ada <a@b.example> junk',
    'Ada <a@b.example> <c@d.example>',
    'Ada <a@b.example',
    'Ada <a@b.example>: c@d.example;',
    'Ada <a@b.example">"',
    '>a@b.example>',
    'a@b.example,'.repeat(1_001),
    'Ada a@b.example>',
    'Ada <>',
    '<<a@b.example>>',
    'Ada <a@b.example, c@d.example>',
    '<@r1,@r2:a@b.example>',
    'a@b.example:',
    'g: a@b.example',
    'g: h: a@b.example;;',
    'g: a@b.example; h@i.example',
    'user@good.example(x)evil.example',
    'a@evil.example(b@good.example)c',
    'Name <user@example.com(x)evil.example>',
    'Name <user (x) @example.com>',
    '"user"@example.com',
    '"a b"@good.example',
    '"attacker@evil.example x"@internal.example',
    'Name <"a b"@good.example>',
    'user@victim.example .allowed.example',
    'user @b.example',
    'a@[127.0.0.1]',
    'a@localhost',
    '"unclosed <a@b.example>',
    '(unclosed a@b.example',
    'a@b.example)',
    'a@b@c.example',
    'a@b.example>\tNOTIFY=NEVER',
    '=?utf-8?Q?admin=40bank.example,?= <a@evil.example>',
  ])('%j', (value) => {
    expect(typeof names(value)).toBe('string');
  });

  it('threats §17 r10: nested groups without end are refused in linear time', async () => {
    await expectProportional(100_000, (count) => {
      expect(readAddressList('g:'.repeat(count)).ok).toBe(false);
    });
  });

  it.each([
    ['a@b.example,', 20_000],
    ['(', 250_000],
    ['"', 250_000],
    ['\\', 250_000],
    ['a(x)', 60_000],
    ['x ', 120_000],
    ['<', 250_000],
    ['=?a?q?', 40_000],
    ['=?utf-8?Q?a?= ', 18_000],
    [',', 250_000],
  ])(
    'threats §17 r19: %j × %i, the most that fits a header, takes no more than a moment',
    async (piece, times) => {
      await expectProportional(times, (count) => readAddressList(`${piece.repeat(count)} <a@b.example>`));
    },
  );
});

/** Where this reader refuses on purpose what the corpus reads. */
interface CorpusRow {
  readonly header: string;
  readonly expected: unknown;
}

const rows: readonly CorpusRow[] = JSON.parse(
  corpusFile('mail-parser/headers/address.json')?.toString('utf8') ?? '[]',
);

it.skipIf(rows.length === 0)('every list of the mail-parser table is read as there, or refused', () => {
  const wrong = rows.filter(({ header, expected }) => {
    const value = header.split(/\r?\n(?![ \t])/)[0]?.replace(/\r?\n/g, '') ?? '';
    if (/[^\t\x20-\x7e]/.test(value)) return false; // an 8-bit header section is refused before
    const reading = readAddressList(value);
    return (
      reading.ok &&
      JSON.stringify(reading.mailboxes.map(({ address }) => address)) !==
        JSON.stringify(addressesIn(expected))
    );
  });
  expect(wrong).toEqual([]);
});

/** Every `address` below the value, in order, in the canonical spelling of its domain. */
function addressesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(addressesIn);
  if (typeof value !== 'object' || value === null) return [];
  if ('address' in value && typeof value.address === 'string') {
    const at = value.address.lastIndexOf('@');
    return [value.address.slice(0, at) + value.address.slice(at).toLowerCase()];
  }
  return Object.values(value).flatMap(addressesIn);
}
