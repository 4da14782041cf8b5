import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hashKey, isAccountName, mintKey, parseKey } from '../../src/mailroom/key-format.ts';

const PREFIX = 'mw_';
const mint = (account = 'default'): ReturnType<typeof mintKey> =>
  mintKey({ prefix: PREFIX, account, random: (size) => randomBytes(size) });
const parse = (token: string, prefix = PREFIX): ReturnType<typeof parseKey> => parseKey({ prefix, token });

describe('the format of a key', () => {
  test('threats §9 r1: prefix, account, public part, at least 128 random bits, checksum', () => {
    const { token, publicId } = mint('my-account-2');
    expect(token).toMatch(/^mw_my-account-2_[0-9A-Za-z]{42}$/);
    expect(parse(token)).toEqual({ account: 'my-account-2', publicId });
    expect(Math.log2(62 ** 24)).toBeGreaterThan(128);
  });

  test('the checksum is the CRC-32 of everything before it, in base62', () => {
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const { token } = mint();
    const value = [...token.slice(-6)].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(value).toBe(crc32(token.slice(0, -6)));
  });

  test('threats §9 r3: one changed character anywhere is noticed', () => {
    const { token } = mint();
    for (let place = 0; place < token.length; place++) {
      const other = token[place] === 'x' ? 'y' : 'x';
      expect(parse(token.slice(0, place) + other + token.slice(place + 1))).toBeNull();
    }
  });

  test.each([
    ['', 'nothing'],
    ['mw_', 'the prefix alone'],
    ['mw_default_', 'no key'],
    [`mw_default_${'a'.repeat(41)}`, 'too short'],
    [`mw_default_${'a'.repeat(43)}`, 'too long'],
    [`mw_${'a'.repeat(33)}_${'a'.repeat(42)}`, 'a long account'],
    [`mw_../../etc_${'a'.repeat(42)}`, 'a path for an account'],
    [`mw__${'a'.repeat(42)}`, 'no account'],
    [`re_default_${'a'.repeat(42)}`, 'another prefix'],
  ])('what cannot be a key is none: %s (%s)', (token) => {
    expect(parse(token)).toBeNull();
  });

  test('a prefix may hold or lack an underscore', () => {
    for (const prefix of ['re_', 'key', 'a_b_']) {
      const { token, publicId } = mintKey({ prefix, account: 'x', random: (size) => randomBytes(size) });
      expect(parse(token, prefix)).toEqual({ account: 'x', publicId });
    }
  });

  test('bytes that would favour some characters are drawn again', () => {
    const draws = [new Uint8Array(24).fill(255), new Uint8Array(24).fill(61), new Uint8Array(24).fill(0)];
    const { publicId } = mintKey({
      prefix: PREFIX,
      account: 'x',
      random: () => draws.shift() ?? new Uint8Array(24),
    });
    expect(publicId).toBe('zzzzzzzzzzzz');
  });

  test('account names are what a folder may be called', () => {
    expect(['default', 'a', '0-9', 'a'.repeat(32)].filter((name) => !isAccountName(name))).toEqual([]);
    expect(['', 'A', 'a_b', 'a.b', '..', 'a/b', 'é', 'a'.repeat(33)].filter(isAccountName)).toEqual([]);
    expect(() => mint('No')).toThrow(RangeError);
  });

  test('a key is stored as the SHA-256 of the whole token', async () => {
    const { token } = mint();
    expect(await hashKey(token)).toBe(createHash('sha256').update(token).digest('hex'));
  });
});
