import { checkedKey, checkedPrefix } from '../../src/objects/key.ts';
import { measured } from '../../src/objects/measured.ts';
import type { ObjectMeta, ObjectStore, PutMeta } from '../../src/objects/store.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';

export interface MemoryObjects extends ObjectStore {
  /** True: every verb fails as if the store could not be reached. */
  isDown: boolean;
  /** Changes one byte behind the store's back. */
  flip(key: string): void;
  keys(): readonly string[];
}

interface Stored {
  readonly meta: ObjectMeta;
  readonly bytes: Buffer;
  readonly putAt: number;
}

async function take(
  body: AsyncIterable<Uint8Array> | Uint8Array,
  announced: PutMeta,
): Promise<Omit<Stored, 'putAt'>> {
  const passing = measured(body, announced, sha256Hasher());
  const pieces: Uint8Array[] = [];
  for await (const piece of passing.pieces) pieces.push(piece);
  return { meta: await passing.found(), bytes: Buffer.concat(pieces) };
}

/** An object store in memory. */
export function memoryObjects(now: () => number = () => Date.now()): MemoryObjects {
  const stored = new Map<string, Stored>();
  const reach = (key: string): string => {
    const checked = checkedKey(key);
    if (store.isDown) throw new StoreUnavailable('told to be down');
    return checked;
  };
  const store: MemoryObjects = {
    isDown: false,
    async put(key, body, announced) {
      reach(key);
      const taken = await take(body, announced);
      stored.set(key, { ...taken, putAt: now() });
      return taken.meta;
    },
    async get(key) {
      const found = stored.get(reach(key));
      if (found === undefined) return null;
      async function* body(): AsyncIterable<Uint8Array> {
        const still = stored.get(key);
        if (still === undefined) throw new StoreUnavailable('deleted before it was read');
        yield still.bytes;
      }
      return { meta: found.meta, body: body() };
    },
    async head(key) {
      return stored.get(reach(key))?.meta ?? null;
    },
    async copy(from, keyFor) {
      const found = stored.get(reach(from));
      if (found === undefined) return null;
      const copy = await take(found.bytes, { contentType: found.meta.contentType });
      const key = keyFor(copy.meta);
      if (key !== null) stored.set(reach(key), { ...copy, putAt: now() });
      return { meta: copy.meta, key };
    },
    async delete(key) {
      stored.delete(reach(key));
    },
    async *list(prefix) {
      reach(`${checkedPrefix(prefix)}x`);
      for (const [key, { putAt }] of stored) if (key.startsWith(prefix)) yield { key, putAt };
    },
    flip(key) {
      const bytes = stored.get(key)?.bytes;
      if (bytes !== undefined) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    },
    keys: () => [...stored.keys()],
  };
  return store;
}
