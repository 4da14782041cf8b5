import { describe, expect, it } from 'vitest';
import { parseAddress, parseAddrSpec } from '../../src/mime/address.ts';
import { corpusFile } from '../support/corpora.ts';

interface Row {
  readonly address: string;
  readonly category: string;
  readonly diagnosis: string;
}

const rows = ['tests.xml', 'tests-original.xml'].map((name) =>
  rowsOf(corpusFile(`isemail/${name}`)?.toString('utf8') ?? ''),
);
const [newer = [], older = []] = rows;

/**
 * Our grammar is narrower than RFC 5321: no quoted local parts, no address literals, no comments, two labels at least. So
 * everything that the set calls wrong is refused, and what it calls valid is taken, but for the forms named here.
 */
const OURS_REFUSES =
  /[()"[\]\\]|@xn--example\.|^[^@]*$|@[^.]*$|@.*\.\d+$|@.*[^A-Za-z0-9.\-\u0080-\u{10ffff}]/u;

describe.skipIf(newer.length === 0)('the isemail set', () => {
  it('an address that the newer set calls wrong, commented, obsolete or merely RFC 5322 is refused', () => {
    const taken = newer.filter(
      ({ address, category }) => /ERR|CFWS|DEPREC|RFC5322/.test(category) && parseAddrSpec(address).ok,
    );
    expect(taken.map(({ address, diagnosis }) => [address, diagnosis])).toEqual([]);
  });

  it('an address that both hold valid is taken, but for the forms that we refuse on purpose', () => {
    const refused = [...newer, ...older.filter(isAgreed)].filter(
      ({ address, category }) =>
        /VALID_CATEGORY|DNSWARN/.test(category) && !OURS_REFUSES.test(address) && !parseAddrSpec(address).ok,
    );
    expect(refused.map(({ address, diagnosis }) => [address, diagnosis])).toEqual([]);
  });

  it('what is taken goes out as it stands, with the domain in lower case', () => {
    for (const { address } of [...newer, ...older]) {
      const reading = parseAddress(address);
      if (!reading.ok) continue;
      const at = address.lastIndexOf('@');
      expect(reading.mailbox.address).toBe((address.slice(0, at) + address.slice(at).toLowerCase()).trim());
    }
  });

  it('the set was found and read', () => {
    expect([newer.length, older.length]).toEqual([164, 279]);
  });
});

/** The newer set is believed where the two differ. */
function isAgreed(row: Row): boolean {
  const other = newer.find(({ address }) => address === row.address);
  return other === undefined || other.category === row.category;
}

/** Control characters are written as the control pictures from U+2400. */
function rowsOf(xml: string): readonly Row[] {
  return Array.from(xml.matchAll(/<test id=[\s\S]*?<\/test>/g), ([test]) => {
    const text = (tag: string) =>
      (new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(test)?.[1] ?? '')
        .replace(/&#x([0-9a-fA-F]+);/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
        .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
    const address = text('address').replace(/[\u2400-\u241f]/g, (picture) =>
      String.fromCharCode(picture.charCodeAt(0) - 0x2400),
    );
    return { address, category: text('category'), diagnosis: text('diagnosis') };
  });
}
