import { describe, expect, it } from 'vitest';
import { createGuesses, networkOf } from '../../src/operator/guesses.ts';
import { sha256 } from '../../src/platform/node/hasher.ts';

function setUp() {
  let now = 0;
  const guesses = createGuesses({ monotonic: () => now, digest: sha256 });
  const from = (address: string, token = 'wrong'): Request => {
    const request = new Request('http://x/', { headers: { authorization: `Bearer ${token}` } });
    guesses.from(request, address);
    return request;
  };
  return { guesses, from, pass: (ms: number) => (now += ms) };
}

describe('guesses at keys', () => {
  it('threats §10 r2: an address that fails too often is refused before any key is looked at, until the window is over', () => {
    const { guesses, from, pass } = setUp();
    for (let n = 0; n < 60; n++) {
      expect(guesses.check(from('192.0.2.1'))).toBeNull();
      guesses.failed(from('192.0.2.1'));
    }
    expect(guesses.check(from('192.0.2.1'))).toBe(60);
    expect(guesses.check(from('192.0.2.2'))).toBeNull();
    pass(60_000);
    expect(guesses.check(from('192.0.2.1'))).toBeNull();
  });

  it('a token that was good before passes while others guess from the same address', () => {
    const { guesses, from } = setUp();
    guesses.succeeded(from('192.0.2.1', 'good'));
    for (let n = 0; n < 60; n++) guesses.failed(from('192.0.2.1'));
    expect(guesses.check(from('192.0.2.1', 'good'))).toBeNull();
    expect(guesses.check(from('192.0.2.1', 'other'))).toBe(60);
  });

  it('a key that was never seen is still looked up once a second, for a proxy gives its address to everybody', () => {
    const { guesses, from, pass } = setUp();
    for (let n = 0; n < 60; n++) guesses.failed(from('192.0.2.1'));
    expect(guesses.check(from('192.0.2.1', 'new'))).toBe(60);
    pass(1_000);
    expect(guesses.check(from('192.0.2.1', 'new'))).toBeNull();
    expect(guesses.check(from('192.0.2.1', 'new'))).toBe(59);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
