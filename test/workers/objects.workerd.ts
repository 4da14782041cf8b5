import { env } from 'cloudflare:workers';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { r2Store } from '../../src/platform/workers/objects.ts';
import { objectsContract } from '../contracts/objects.ts';

const MIB = 1024 * 1024;
const KEY = 't/default/large';

async function emptyStore() {
  const { objects } = await env.OBJECTS.list();
  await env.OBJECTS.delete(objects.map(({ key }) => key));
  return r2Store(env.OBJECTS);
}

async function* pieces(count: number, size: number): AsyncIterable<Uint8Array> {
  for (let number = 0; number < count; number++) yield new Uint8Array(size).fill(number);
}

async function lengthOf(body: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const piece of body) length += piece.length;
  return length;
}

const keysInBucket = async (): Promise<readonly string[]> =>
  (await env.OBJECTS.list()).objects.map(({ key }) => key);

objectsContract('an R2 bucket', { open: emptyStore, everything: keysInBucket });

describe('objects that go up in parts', () => {
  it('are read back with size and hash, and leave nothing when they are deleted', async () => {
    const store = await emptyStore();
    const meta = await store.put(KEY, pieces(41, MIB / 2), { contentType: 'text/plain' });
    expect(meta.size).toBe(20.5 * MIB);
    expect(await store.head(KEY)).toEqual(meta);
    const found = await store.get(KEY);
    expect(found?.meta).toEqual(meta);
    expect(await lengthOf(found?.body ?? pieces(0, 0))).toBe(meta.size);
    expect(await keysInBucket()).toHaveLength(2);
    await store.delete(KEY);
    expect(await keysInBucket()).toEqual([]);
  });

  it('have the hash that the same bytes have in one piece', async () => {
    const store = await emptyStore();
    const whole = new Uint8Array(17 * MIB);
    const inParts = await store.put(KEY, whole, { contentType: null });
    expect(inParts.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
  });

  it('are replaced without leaving their hash behind', async () => {
    const store = await emptyStore();
    await store.put(KEY, pieces(20, MIB), { contentType: null });
    await store.put(KEY, new Uint8Array([1]), { contentType: null });
    expect((await store.head(KEY))?.size).toBe(1);
    expect(await keysInBucket()).toEqual([KEY]);
  });

  it('leave nothing when they break on the way, and what was there before stays', async () => {
    const store = await emptyStore();
    await store.put(KEY, new Uint8Array([1]), { contentType: null });
    async function* broken(): AsyncIterable<Uint8Array> {
      yield* pieces(20, MIB);
      throw new Error('the client went away');
    }
    await expect(store.put(KEY, broken(), { contentType: null })).rejects.toThrow('the client went away');
    expect((await store.head(KEY))?.size).toBe(1);
    expect(await keysInBucket()).toEqual([KEY]);
  });
});
