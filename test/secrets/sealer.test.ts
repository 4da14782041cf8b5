import { describe, expect, test } from 'vitest';
import { deriveKey } from '../../src/secrets/derive.ts';
import { createSealer } from '../../src/secrets/sealer.ts';

const SECRET_KEY = 'a secret of the operator, long enough';
const KEY = await deriveKey({ secret: SECRET_KEY, purpose: 'webhook secrets' });

describe('the sealer', () => {
  test('what was sealed opens again, for the same thing and with the same key', async () => {
    const sealed = await createSealer(KEY).seal('whsec_8J+UkQ==', 'one');
    expect(await createSealer(KEY).open(sealed, 'one')).toBe('whsec_8J+UkQ==');
  });

  test('what was sealed does not show the secret, and no two sealings are alike', async () => {
    const sealer = createSealer(KEY);
    const [one, other] = [await sealer.seal('whsec_canary', 'one'), await sealer.seal('whsec_canary', 'one')];
    expect(one).not.toContain('canary');
    expect(one).not.toBe(other);
  });

  test('moved to another webhook it does not open', async () => {
    const sealed = await createSealer(KEY).seal('whsec_x', 'one');
    expect(await createSealer(KEY).open(sealed, 'other')).toBeNull();
  });

  test('with another SECRET_KEY it does not open', async () => {
    const other = await deriveKey({ secret: `${SECRET_KEY}!`, purpose: 'webhook secrets' });
    expect(await createSealer(other).open(await createSealer(KEY).seal('x', 'one'), 'one')).toBeNull();
  });

  test('changed by one character, cut, extended or of another form it does not open', async () => {
    const sealer = createSealer(KEY);
    const sealed = await sealer.seal('whsec_x', 'one');
    for (let place = 0; place < sealed.length; place++) {
      const wrong = sealed[place] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, place) + wrong + sealed.slice(place + 1);
      expect(await sealer.open(changed, 'one'), changed).toBeNull();
    }
    for (const bad of [
      sealed.slice(0, -4),
      `${sealed}.AAAA`,
      sealed.replace('v1', 'v2'),
      '',
      'v1.',
      'v1..',
    ]) {
      expect(await sealer.open(bad, 'one'), bad).toBeNull();
    }
  });
});
