import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReturnPaths } from '../../src/mime/return-path.ts';

const DOMAIN = 'bounces.shop.example';
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const OTHER_KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const EMAIL_ID = '0197a2b4-55aa-7c3d-9e4f-0123456789ab';
const ONE = { account: 'default', emailId: EMAIL_ID, ordinal: 3 };

const paths = createReturnPaths({ key: KEY, domain: DOMAIN });

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const emailIds = fc
  .tuple(hex(8), hex(4), hex(3), fc.constantFrom('8', '9', 'a', 'b'), hex(3), hex(12))
  .map(([a, b, c, variant, d, e]) => `${a}-${b}-7${c}-${variant}${d}-${e}`);
const recipients = fc.record({
  account: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  emailId: emailIds,
  ordinal: fc.integer({ min: 0, max: 255 }),
});

describe('a return path', () => {
  it('printed by us is read by us, in either case, and holds the email and the place of its recipient', async () => {
    await fc.assert(
      fc.asyncProperty(recipients, async (of) => {
        const address = await paths.print(of);
        for (const written of [address, address.toUpperCase()]) {
          const reading = await paths.read(written);
          expect(reading).toMatchObject({ account: of.account, ordinal: of.ordinal });
          expect(reading !== null && reading.firstId <= of.emailId && of.emailId <= reading.lastId).toBe(
            true,
          );
        }
      }),
    );
  });

  it('fits into the local part of any server (RFC 5321 §4.5.3.1.1) and is a plain dot-atom', async () => {
    const longest = await paths.print({ ...ONE, account: 'a'.repeat(32) });
    expect(longest.split('@')[0]).toHaveLength(64);
    expect(await paths.print(ONE)).toMatch(/^default[a-z2-7]{32}@bounces\.shop\.example$/);
  });

  it('is the same for the same recipient, and another for another', async () => {
    const others = [
      { ...ONE, ordinal: 4 },
      { ...ONE, account: 'defaulu' },
      { ...ONE, emailId: EMAIL_ID.replace('7c3d', '7c3e') },
    ];
    const printed = await Promise.all([ONE, ONE, ...others].map((of) => paths.print(of)));
    expect(printed[0]).toBe(printed[1]);
    expect(new Set(printed).size).toBe(4);
  });

  it('stays what it is from one version to the next', async () => {
    expect(await paths.print(ONE)).toBe('defaultamazpivukwvmhv4tyblkg6ikabqjhjtf@bounces.shop.example');
  });

  it('names a range of ids that leaves out 40 random bits', async () => {
    expect(await paths.read(await paths.print(ONE))).toEqual({
      account: 'default',
      ordinal: 3,
      firstId: '0197a2b4-55aa-7c3d-9e4f-010000000000',
      lastId: '0197a2b4-55aa-7c3d-9e4f-01ffffffffff',
    });
  });

  it('with any character changed is nobody’s', async () => {
    const address = await paths.print(ONE);
    for (let i = 0; i < address.indexOf('@'); i += 1) {
      const changed = `${address.slice(0, i)}${address[i] === 'a' ? 'b' : 'a'}${address.slice(i + 1)}`;
      expect(await paths.read(changed)).toBeNull();
    }
  });

  it('of another key, another domain or another account is nobody’s', async () => {
    const address = await paths.print(ONE);
    expect(await createReturnPaths({ key: OTHER_KEY, domain: DOMAIN }).read(address)).toBeNull();
    expect(await createReturnPaths({ key: KEY, domain: 'other.example' }).read(address)).toBeNull();
    expect(await paths.read(address.replace('default', 'another'))).toBeNull();
    expect(await paths.read(address.replace('default', ''))).toBeNull();
  });

  it.each([
    ['', 'nothing'],
    ['@', 'no local part'],
    [DOMAIN, 'a domain'],
    [`ann@${DOMAIN}`, 'somebody'],
    [`${'a'.repeat(39)}@${DOMAIN}`, 'letters of our alphabet'],
    [`${'1'.repeat(39)}@${DOMAIN}`, 'letters of another'],
    [`${'a'.repeat(100_000)}@${DOMAIN}`, 'a long one'],
    [`default${'\u0430'.repeat(32)}@${DOMAIN}`, 'letters that look alike'],
  ])('"%.40s" is none: %s', async (address) => {
    expect(await paths.read(address)).toBeNull();
  });

  it.each([
    [{ ...ONE, account: '' }],
    [{ ...ONE, account: 'A' }],
    [{ ...ONE, account: 'a'.repeat(33) }],
    [{ ...ONE, emailId: 'x' }],
    [{ ...ONE, emailId: EMAIL_ID.replace('7c3d', '4c3d') }],
    [{ ...ONE, ordinal: -1 }],
    [{ ...ONE, ordinal: 256 }],
    [{ ...ONE, ordinal: 0.5 }],
  ])('is not printed for %o', async (of) => {
    await expect(paths.print(of)).rejects.toThrow(RangeError);
  });
});
