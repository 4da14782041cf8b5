import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { objectKey, RefusedKey } from '../../src/objects/key.ts';
import type { ObjectStore, StoredObject } from '../../src/objects/store.ts';
import { StoreUnavailable, WrongBytes } from '../../src/objects/store.ts';

export interface ObjectsHarness {
  /** A store with nothing in it. */
  open(): Promise<ObjectStore>;
  /** Names of everything that lies in it, whatever is unfinished or helps included. */
  everything(): Promise<readonly string[]>;
}

const MIB = 1024 * 1024;
const KEY = 't/default/0123456789abcdef';
const UPLOAD = 't/default/upload';
const UNTYPED = { contentType: null };

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

/** Bytes that do not repeat; the same for the same length. */
function noise(size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let word = size + 1;
  for (let at = 0; at < words.length; at++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[at] = word;
  }
  return new Uint8Array(words.buffer, 0, size);
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* broken(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield* pieces(bytes, 64 * 1024);
  throw new Error('the client went away');
}

/** Length and hash, without keeping what is read. */
async function readBack(store: ObjectStore, key: string): Promise<{ size: number; sha256: string } | null> {
  const found = await store.get(key);
  if (found === null) return null;
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of found.body) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, sha256: hash.digest('hex') };
}

async function text(store: ObjectStore, key: string): Promise<string | null> {
  const found = await store.get(key);
  if (found === null) return null;
  const parts: Uint8Array[] = [];
  for await (const piece of found.body) parts.push(piece);
  return Buffer.concat(parts).toString();
}

const utf8 = (given: string): Uint8Array => new TextEncoder().encode(given);

/** What every object store promises, whatever it is made of. */
export function objectsContract(name: string, harness: ObjectsHarness): void {
  describe(`objects in ${name}`, () => {
    putting(harness);
    announcing(harness);
    copying(harness);
    keeping(harness);
    listing(harness);
  });
}

function putting(harness: ObjectsHarness): void {
  it.each([0, 1, 1023, 1024, 1025, 65_535, 65_536, 65_537, 300_000])(
    'a put of %i bytes is read back with its size and hash, from bytes and from a stream',
    async (size) => {
      const store = await harness.open();
      const bytes = noise(size);
      const expected = { size, sha256: sha256(bytes), contentType: 'text/plain' };
      expect(await store.put(KEY, bytes, { contentType: 'text/plain' })).toEqual(expected);
      expect(await store.head(KEY)).toEqual(expected);
      const untyped = { ...expected, contentType: null };
      expect(await store.put('t/b/2', pieces(bytes, 1000), UNTYPED)).toEqual(untyped);
      expect(await store.head('t/b/2')).toEqual(untyped);
      expect(await readBack(store, KEY)).toEqual({ size, sha256: expected.sha256 });
      expect(await readBack(store, 't/b/2')).toEqual({ size, sha256: expected.sha256 });
      expect((await store.get(KEY))?.meta).toEqual(expected);
    },
  );

  it.each([5, 10, 25])('%i MiB from a stream, announced or not, are read back by hash', async (mib) => {
    const store = await harness.open();
    const bytes = noise(mib * MIB);
    const found = { size: bytes.length, sha256: sha256(bytes) };
    await store.put(KEY, pieces(bytes, 100_000), UNTYPED);
    expect(await store.head(KEY)).toEqual({ ...found, contentType: null });
    expect(await readBack(store, KEY)).toEqual(found);
    await store.put('t/b/2', pieces(bytes, 100_000), { ...found, contentType: 'application/pdf' });
    expect(await store.head('t/b/2')).toEqual({ ...found, contentType: 'application/pdf' });
    expect(await readBack(store, 't/b/2')).toEqual(found);
    await store.delete(KEY);
    await store.delete('t/b/2');
    expect(await harness.everything()).toEqual([]);
  });

  it('a second put replaces the first, head and body together', async () => {
    const store = await harness.open();
    await store.put(KEY, utf8('first and longer'), { contentType: 'a/b' });
    await store.put(KEY, utf8('second'), UNTYPED);
    expect(await text(store, KEY)).toBe('second');
    expect(await store.head(KEY)).toEqual({ size: 6, sha256: sha256(utf8('second')), contentType: null });
  });

  it('of two puts of one key at the same time one is there afterwards, whole', async () => {
    const store = await harness.open();
    const both = [noise(300_000), noise(6 * MIB)] as const;
    const metas = await Promise.all(
      both.map((bytes) => store.put(KEY, pieces(bytes, 50_000), { contentType: 'a/b' })),
    );
    const head = await store.head(KEY);
    expect(metas).toContainEqual(head);
    expect(await readBack(store, KEY)).toEqual({ size: head?.size, sha256: head?.sha256 });
  });

  it.each([4, 6 * MIB])(
    'an upload that breaks after %i bytes leaves nothing, and the object before it untouched',
    async (size) => {
      const store = await harness.open();
      const gone = 'the client went away';
      await expect(store.put(KEY, broken(noise(size)), UNTYPED)).rejects.toThrow(gone);
      expect(await store.head(KEY)).toBeNull();
      expect(await harness.everything()).toEqual([]);
      await store.put(KEY, utf8('whole'), UNTYPED);
      await expect(store.put(KEY, broken(noise(size)), UNTYPED)).rejects.toThrow(gone);
      expect(await text(store, KEY)).toBe('whole');
      expect(await harness.everything()).toHaveLength(1);
    },
  );

  it.each(['', 'text/html\r\nx: y', 'text/\u00e9', `text/${'x'.repeat(300)}`])(
    'a content type that is no header, %j, is refused and nothing is stored',
    async (contentType) => {
      const store = await harness.open();
      await expect(store.put(KEY, utf8('x'), { contentType })).rejects.toThrow(RangeError);
      expect(await harness.everything()).toEqual([]);
    },
  );

  it('a content type of 300 quotes and backslashes comes back as it was', async () => {
    const store = await harness.open();
    const contentType = `text/plain; name="${'\\"'.repeat(140)}"`;
    await store.put(KEY, utf8('x'), { contentType });
    expect(await store.head(KEY)).toEqual({ size: 1, sha256: sha256(utf8('x')), contentType });
    expect(await text(store, KEY)).toBe('x');
  });
}

function announcing(harness: ObjectsHarness): void {
  const bytes = noise(6 * MIB);
  it.each([
    ['a longer body', { size: bytes.length - 1 }],
    ['a shorter body', { size: bytes.length + 1 }],
    ['another hash', { sha256: sha256(utf8('other')) }],
    ['another hash at the right length', { size: bytes.length, sha256: sha256(utf8('other')) }],
  ])('%s than announced is refused, nothing is stored, and what was there stays', async (_, announced) => {
    const store = await harness.open();
    for (const body of [bytes, pieces(bytes, 100_000)]) {
      await expect(store.put(KEY, body, { contentType: null, ...announced })).rejects.toThrow(WrongBytes);
    }
    expect(await harness.everything()).toEqual([]);
    await store.put(KEY, utf8('whole'), UNTYPED);
    await expect(store.put(KEY, pieces(bytes, 100_000), { contentType: null, ...announced })).rejects.toThrow(
      WrongBytes,
    );
    expect(await text(store, KEY)).toBe('whole');
  });

  it('a body that never ends is cut off at the announced length', async () => {
    const store = await harness.open();
    let given = 0;
    async function* endless(): AsyncIterable<Uint8Array> {
      for (; given < 1000; given++) yield new Uint8Array(1024);
    }
    await expect(store.put(KEY, endless(), { contentType: null, size: 10 * 1024 })).rejects.toThrow(
      WrongBytes,
    );
    expect(given).toBeLessThan(20);
  });
}

function copying(harness: ObjectsHarness): void {
  const contentKey = ({ sha256: id }: { readonly sha256: string }): string =>
    objectKey({ account: 'default', id });

  it.each([0, 1, 6 * MIB])(
    'a copy of %i bytes is kept under the key made of what was found',
    async (size) => {
      const store = await harness.open();
      const bytes = noise(size);
      const meta = await store.put(UPLOAD, pieces(bytes, 100_000), { contentType: 'image/png' });
      const copied = await store.copy(UPLOAD, contentKey);
      expect(copied).toEqual({ meta, key: contentKey(meta) });
      expect(await store.head(contentKey(meta))).toEqual(meta);
      expect(await readBack(store, contentKey(meta))).toEqual({ size, sha256: sha256(bytes) });
    },
  );

  it('what is written to the source later does not reach the copy', async () => {
    const store = await harness.open();
    const meta = await store.put(UPLOAD, utf8('what was accepted'), UNTYPED);
    await store.copy(UPLOAD, contentKey);
    await store.put(UPLOAD, utf8('something else'), UNTYPED);
    await store.delete(UPLOAD);
    expect(await text(store, contentKey(meta))).toBe('what was accepted');
  });

  it('a second copy of the same bytes leaves one object', async () => {
    const store = await harness.open();
    const meta = await store.put(UPLOAD, utf8('same'), UNTYPED);
    await store.put('t/default/upload2', utf8('same'), UNTYPED);
    expect((await store.copy(UPLOAD, contentKey))?.key).toBe(contentKey(meta));
    expect((await store.copy('t/default/upload2', contentKey))?.key).toBe(contentKey(meta));
    expect(await text(store, contentKey(meta))).toBe('same');
    await store.delete(UPLOAD);
    await store.delete('t/default/upload2');
    expect(await harness.everything()).toHaveLength(1);
  });

  it('two copies of one upload at the same time both succeed', async () => {
    const store = await harness.open();
    const meta = await store.put(UPLOAD, utf8('same'), UNTYPED);
    const both = await Promise.all([store.copy(UPLOAD, contentKey), store.copy(UPLOAD, contentKey)]);
    expect(both).toEqual([
      { meta, key: contentKey(meta) },
      { meta, key: contentKey(meta) },
    ]);
  });

  it('a copy that is not wanted, or whose key is refused, leaves nothing', async () => {
    const store = await harness.open();
    const meta = await store.put(UPLOAD, utf8('unwanted'), UNTYPED);
    expect(await store.copy(UPLOAD, () => null)).toEqual({ meta, key: null });
    await expect(store.copy(UPLOAD, () => 't/A/../B/x')).rejects.toThrow(RefusedKey);
    await store.delete(UPLOAD);
    expect(await harness.everything()).toEqual([]);
  });

  it('a copy of nothing is null', async () => {
    const store = await harness.open();
    expect(await store.copy(UPLOAD, contentKey)).toBeNull();
    expect(await harness.everything()).toEqual([]);
  });
}

function keeping(harness: ObjectsHarness): void {
  it('a missing key is null, and deleting it is no error', async () => {
    const store = await harness.open();
    expect(await store.get(KEY)).toBeNull();
    expect(await store.head(KEY)).toBeNull();
    await store.delete(KEY);
  });

  it('a deleted object is gone', async () => {
    const store = await harness.open();
    await store.put(KEY, utf8('x'), UNTYPED);
    await store.delete(KEY);
    expect(await store.get(KEY)).toBeNull();
    expect(await harness.everything()).toEqual([]);
  });

  it('an object that goes away before its body is read is an error, and no short body', async () => {
    const store = await harness.open();
    await store.put(KEY, noise(1000), UNTYPED);
    const found = await store.get(KEY);
    await store.delete(KEY);
    const reading = (async () => {
      for await (const _ of found?.body ?? []);
    })();
    await expect(reading).rejects.toThrow(StoreUnavailable);
  });

  it('a reader may stop in the middle, twenty times over, and the store goes on', async () => {
    const store = await harness.open();
    const bytes = noise(6 * MIB);
    await store.put(KEY, bytes, UNTYPED);
    for (let reader = 0; reader < 20; reader++) {
      for await (const piece of (await store.get(KEY))?.body ?? []) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(await readBack(store, KEY)).toEqual({ size: bytes.length, sha256: sha256(bytes) });
  });

  it('threats §12 r2: the same bytes of two accounts are two objects', async () => {
    const store = await harness.open();
    const bytes = utf8('the same');
    await store.put(`t/a/${sha256(bytes)}`, bytes, UNTYPED);
    expect(await store.head(`t/b/${sha256(bytes)}`)).toBeNull();
    await store.put(`t/b/${sha256(bytes)}`, bytes, UNTYPED);
    await store.delete(`t/a/${sha256(bytes)}`);
    expect((await store.head(`t/b/${sha256(bytes)}`))?.size).toBe(8);
  });

  it.each(REFUSED_KEYS)('threats §12 r1: the key %j is refused by every verb', async (key) => {
    const store = await harness.open();
    await expect(store.put(key, utf8('x'), UNTYPED)).rejects.toThrow(RefusedKey);
    await expect(store.get(key)).rejects.toThrow(RefusedKey);
    await expect(store.head(key)).rejects.toThrow(RefusedKey);
    await expect(store.copy(key, () => KEY)).rejects.toThrow(RefusedKey);
    await expect(store.delete(key)).rejects.toThrow(RefusedKey);
  });
}

function listing(harness: ObjectsHarness): void {
  const listed = async (store: ObjectStore, prefix: string): Promise<readonly StoredObject[]> => {
    const found: StoredObject[] = [];
    for await (const object of store.list(prefix)) found.push(object);
    return found;
  };
  const keysBelow = async (store: ObjectStore, prefix: string): Promise<readonly string[]> =>
    (await listed(store, prefix)).map(({ key }) => key).toSorted();

  it('a list holds what lies below its prefix, and nothing of an account whose name begins alike', async () => {
    const store = await harness.open();
    expect(await keysBelow(store, 't/a/')).toEqual([]);
    for (const key of ['t/a/1', 't/a/2', 't/ab/3', 't/b/4']) await store.put(key, utf8(key), UNTYPED);
    await store.put('t/a/5', pieces(noise(6 * MIB), 100_000), UNTYPED);
    await store.copy('t/b/4', () => 't/a/6');
    await store.delete('t/a/2');
    expect(await keysBelow(store, 't/a/')).toEqual(['t/a/1', 't/a/5', 't/a/6']);
  });

  it('a list says when each object was put last', async () => {
    const store = await harness.open();
    await store.put(KEY, utf8('first'), UNTYPED);
    await store.put(KEY, utf8('second'), UNTYPED);
    const [only, ...more] = await listed(store, 't/default/');
    expect([only?.key, more]).toEqual([KEY, []]);
    // Some stores round to seconds, and their clock is their own.
    expect(Math.abs((only?.putAt ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it.each(['', 't', '/', 't/a', '/t/a/', 't//', 't/../', 't/%2e%2e/', 't\\..\\'])(
    'threats §12 r6: the prefix %j is refused',
    async (prefix) => {
      const store = await harness.open();
      await expect(listed(store, prefix)).rejects.toThrow(RefusedKey);
    },
  );
}
