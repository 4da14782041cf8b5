import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalDomain } from '../../src/mime/domain.ts';
import { corpusFile } from '../support/corpora.ts';

describe('the one spelling of a domain', () => {
  it.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.Com', 'example.com'],
    ['a1-b.example', 'a1-b.example'],
    ['1.example', '1.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
    ['한국.한국', 'xn--3e0b707e.xn--3e0b707e'],
    ['日本語.jp', 'xn--wgv71a119e.jp'],
    ['مثال.إختبار', 'xn--mgbh0fb.xn--kgbechtv'],
    ['ΣΑΣ.example', 'xn--mxa9ab.example'],
    ['مثال.com', 'xn--mgbh0fb.com'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['xn--3e0b707e.example', 'xn--3e0b707e.example'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('%s becomes %s', (given, canonical) => {
    expect(canonicalDomain(given)).toBe(canonical);
  });

  it.each([
    '',
    '.',
    'com',
    'localhost',
    'example.com.',
    '.example.com',
    'a..example',
    '-a.example',
    'a-.example',
    'ab--c.example',
    'a_b.example',
    'a b.example',
    'a/b.example',
    'a@b.example',
    'a:80.example',
    'a%2eexample.com',
    'a?.example',
    'a#.example',
    'a\\b.example',
    '127.0.0.1',
    '127.1',
    '1.2.3.0x4',
    'example.123',
    '[::1]',
    '[127.0.0.1]',
    'ex\tample.com',
    'ex\nample.com',
    'example\u3002com',
    '\u24D4xample.com',
    'ｅxample.com',
    '\u2460\u2461.example',
    'ex\u00adample.com',
    'ex\u200bample.com',
    'ex\u200dample.com',
    'ex\u202eample.com',
    'ex\u2024ample.com',
    'ﬁsh.example',
    '㏄.example',
    'xn--.example',
    'xn--a.example',
    'xn--example-.com',
    'xn--bcher-kv.example!',
    'xn--ls8h=.example',
    'אa.example',
    '0à.א',
    'à-.example',
    'xn----dha.example',
    '\ud800.example',
    `${'a'.repeat(64)}.example`,
    `${'ü'.repeat(60)}.example`,
    `${'a.'.repeat(126)}ab`,
    'x'.repeat(100_000),
  ])('%s is no domain to send to', (given) => {
    expect(canonicalDomain(given)).toBeNull();
  });

  it('the canonical spelling is ASCII, in lower case, and its own canonical spelling', () => {
    const label = fc.string({
      unit: fc.constantFrom(...'aZ0-é한日اأא\u0308\u200c·xn'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 3 }), (labels) => {
        const canonical = canonicalDomain(labels.join('.'));
        if (canonical === null) return;
        expect(canonical).toMatch(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
        expect(canonicalDomain(canonical)).toBe(canonical);
        expect(canonicalDomain(labels.join('.').toUpperCase().toLowerCase())).toBe(canonical);
      }),
      { numRuns: 500 },
    );
  });

  const idna = corpusFile('rust-url/IdnaTestV2.txt');
  it.skipIf(idna === null)('threats §3 r19: IdnaTestV2 gives the result of the file, or a refusal', () => {
    const rows = idnaRows(idna?.toString('utf8') ?? '');
    const wrong = rows.filter(({ source, ascii, isValid }) => {
      const canonical = canonicalDomain(source);
      return canonical !== null && (!isValid || canonical !== ascii);
    });
    const taken = rows.filter(({ source }) => canonicalDomain(source) !== null).length;
    expect({ wrong, rows: rows.length > 6_000, taken: taken > 50 }).toEqual({
      wrong: [],
      rows: true,
      taken: true,
    });
  });
});

/** The columns of IdnaTestV2: source; toUnicode; status; toAsciiN; status; … An empty column is that before it. */
function idnaRows(
  text: string,
): readonly { readonly source: string; readonly ascii: string; readonly isValid: boolean }[] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/#.*$/, '')
        .split(';')
        .map((column) => column.trim()),
    )
    .filter((columns) => columns.length >= 5)
    .map((columns) => {
      const source = unescaped(columns[0] ?? '');
      const unicode = unescaped(columns[1] ?? '') || source;
      const unicodeStatus = columns[2] ?? '';
      const asciiStatus = (columns[4] ?? '') || unicodeStatus;
      return {
        source,
        ascii: unescaped(columns[3] ?? '') || unicode,
        isValid: asciiStatus === '' || asciiStatus === '[]',
      };
    });
}

function unescaped(column: string): string {
  return column === '""'
    ? ''
    : column.replace(/\\u([0-9A-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
