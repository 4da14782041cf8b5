import { describe, expect, it } from 'vitest';
import { parseAddress, parseAddrSpec } from '../../src/mime/address.ts';
import { countCases } from '../support/cases.ts';
import { type IsemailRow, newer, older } from '../support/isemail.ts';

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

  it('what is taken goes out as it stands, with the domain in lower case', (context) => {
    countCases(context, newer.length + older.length);
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
function isAgreed(row: IsemailRow): boolean {
  const other = newer.find(({ address }) => address === row.address);
  return other === undefined || other.category === row.category;
}
