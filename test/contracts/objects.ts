import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RefusedKey } from '../../src/objects/key.ts';
import type { ObjectStore } from '../../src/objects/store.ts';

export interface ObjectsHarness {
  open(): Promise<ObjectStore>;
}

const KEY = 't/default/0123456789abcdef';

/** Keys that must be refused before the driver does anything: threats.md section 12. */
const REFUSED_KEYS = [
  '',
  't',
  '/t/a/b',
  't//b',
  't/a/b/',
  't/a/../b',
  't/a/./b',
  't/A/../B/x',
  't/A/%2e%2e/B/x',
  't/a/..%2fb%2fx',
  't\\..\\b',
  't/a/b.eml',
  't/a/b\0',
  't/a/b c',
  't/a/\u00e9',
  't/a/e\u0301',
  `t/a/${'x'.repeat(1025)}`,
  `t/${'a/'.repeat(400)}b`,
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(store: ObjectStore, key: string): Promise<Uint8Array | null> {
  const found = await store.get(key);
  if (found === null) return null;
  const parts: Uint8Array[] = [];
  for await (const piece of found.body) parts.push(piece);
  return Buffer.concat(parts);
}

/** What every object store promises, whatever it is made of. */
export function objectsContract(name: string, harness: ObjectsHarness): void {
  describe(`objects in ${name}`, () => {
    it.each([0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 300_000])(
      'a put of %i bytes is read back with its size and hash, from bytes and from a stream',
      async (size) => {
        const store = await harness.open();
        const bytes = randomBytes(size);
        const expected = { size, sha256: sha256(bytes), contentType: 'text/plain' };
        expect(await store.put(KEY, bytes, { contentType: 'text/plain' })).toEqual(expected);
        expect(await store.head(KEY)).toEqual(expected);
        expect(await store.put('t/b/2', pieces(bytes, 1000), { contentType: null })).toEqual({
          ...expected,
          contentType: null,
        });
        expect(sha256((await read(store, KEY)) ?? Buffer.from('absent'))).toBe(expected.sha256);
        expect(sha256((await read(store, 't/b/2')) ?? Buffer.from('absent'))).toBe(expected.sha256);
        expect((await store.get(KEY))?.meta).toEqual(expected);
      },
    );

    it('a missing key is null, and deleting it is no error', async () => {
      const store = await harness.open();
      expect(await store.get(KEY)).toBeNull();
      expect(await store.head(KEY)).toBeNull();
      await store.delete(KEY);
    });

    it('a second put replaces the first, head and body together', async () => {
      const store = await harness.open();
      await store.put(KEY, Buffer.from('first and longer'), { contentType: 'a/b' });
      await store.put(KEY, Buffer.from('second'), { contentType: null });
      expect(Buffer.from((await read(store, KEY)) ?? []).toString()).toBe('second');
      expect((await store.head(KEY))?.size).toBe(6);
    });

    it('a deleted object is gone', async () => {
      const store = await harness.open();
      await store.put(KEY, Buffer.from('x'), { contentType: null });
      await store.delete(KEY);
      expect(await store.get(KEY)).toBeNull();
    });

    it('an upload that breaks leaves nothing, and the object before it untouched', async () => {
      const store = await harness.open();
      async function* broken(): AsyncIterable<Uint8Array> {
        yield Buffer.from('half');
        throw new Error('the client went away');
      }
      await expect(store.put(KEY, broken(), { contentType: null })).rejects.toThrow('the client went away');
      expect(await store.head(KEY)).toBeNull();
      await store.put(KEY, Buffer.from('whole'), { contentType: null });
      await expect(store.put(KEY, broken(), { contentType: null })).rejects.toThrow('the client went away');
      expect(Buffer.from((await read(store, KEY)) ?? []).toString()).toBe('whole');
    });

    it('threats §12 r2: the same bytes of two accounts are two objects', async () => {
      const store = await harness.open();
      const bytes = Buffer.from('the same');
      await store.put(`t/a/${sha256(bytes)}`, bytes, { contentType: null });
      expect(await store.head(`t/b/${sha256(bytes)}`)).toBeNull();
      await store.put(`t/b/${sha256(bytes)}`, bytes, { contentType: null });
      await store.delete(`t/a/${sha256(bytes)}`);
      expect((await store.head(`t/b/${sha256(bytes)}`))?.size).toBe(8);
    });

    it.each(REFUSED_KEYS)('threats §12 r1: the key %j is refused by every verb', async (key) => {
      const store = await harness.open();
      await expect(store.put(key, Buffer.from('x'), { contentType: null })).rejects.toThrow(RefusedKey);
      await expect(store.get(key)).rejects.toThrow(RefusedKey);
      await expect(store.head(key)).rejects.toThrow(RefusedKey);
      await expect(store.delete(key)).rejects.toThrow(RefusedKey);
    });
  });
}
