import { createHash } from 'node:crypto';
import { checkedKey } from '../../src/objects/key.ts';
import type { ObjectMeta, ObjectStore } from '../../src/objects/store.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';

export interface MemoryObjects extends ObjectStore {
  /** True: every verb fails as if the store could not be reached. */
  isDown: boolean;
  /** Changes one byte behind the store's back. */
  flip(key: string): void;
  keys(): readonly string[];
}

/** An object store in memory. */
export function memoryObjects(): MemoryObjects {
  const stored = new Map<string, { readonly meta: ObjectMeta; readonly bytes: Buffer }>();
  const reach = (key: string): string => {
    const checked = checkedKey(key);
    if (store.isDown) throw new StoreUnavailable('told to be down');
    return checked;
  };
  const store: MemoryObjects = {
    isDown: false,
    async put(key, body, { contentType }) {
      reach(key);
      const pieces: Uint8Array[] = [];
      for await (const piece of body instanceof Uint8Array ? [body] : body) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const meta = { size: bytes.length, sha256, contentType };
      stored.set(key, { meta, bytes });
      return meta;
    },
    async get(key) {
      const found = stored.get(reach(key));
      if (found === undefined) return null;
      async function* body(): AsyncIterable<Uint8Array> {
        if (found !== undefined) yield found.bytes;
      }
      return { meta: found.meta, body: body() };
    },
    async head(key) {
      return stored.get(reach(key))?.meta ?? null;
    },
    async delete(key) {
      stored.delete(reach(key));
    },
    flip(key) {
      const bytes = stored.get(key)?.bytes;
      if (bytes !== undefined) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    },
    keys: () => [...stored.keys()],
  };
  return store;
}
