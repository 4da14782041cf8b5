import { describe, expect, it } from 'vitest';
import { checkedKey, objectKey, RefusedKey } from '../../src/objects/key.ts';

describe('object keys', () => {
  it('a key names the account and a server-made id', () => {
    expect(objectKey({ account: 'default', id: 'abc123' })).toBe('t/default/abc123');
  });

  it.each([
    ['../B', 'x'],
    ['..%2fB%2fx', 'x'],
    ['%2e%2e', 'x'],
    ['\\..\\', 'x'],
    ['/a', 'x'],
    ['a', '/x'],
    ['a', 'x/../y'],
    ['a', 'x\0'],
    ['a', 'x'.repeat(1025)],
    ['a', ''],
    ['', 'x'],
    ['a', '\u00fc'],
    ['a', 'u\u0308'],
  ])('threats §12 r1: account %j with id %j never becomes part of a key', (account, id) => {
    expect(() => objectKey({ account, id })).toThrow(RefusedKey);
  });

  it('threats §12 r3: what a URL builder would rewrite is refused before anything is signed', () => {
    for (const key of ['t/A/../B/x', 't/A/%2e%2e/B/x']) {
      expect(new URL(`https://store.example/${key}`).pathname).toBe('/t/B/x');
      expect(() => checkedKey(key)).toThrow(RefusedKey);
    }
  });
});
