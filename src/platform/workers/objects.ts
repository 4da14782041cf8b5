import { createHash, type Hash } from 'node:crypto';
import { checkedKey } from '../../objects/key.ts';
import { slices } from '../../objects/slices.ts';
import type { ObjectMeta, ObjectStore, PutMeta } from '../../objects/store.ts';
import { StoreUnavailable, WrongBytes } from '../../objects/store.ts';

/** R2 takes parts of 5 MiB and more, all but the last of one size. What fits into one part is put in one piece. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * The house's object store in an R2 bucket. A put is whole or not there: R2 shows an object only when its put, or the last
 * step of its multipart upload, is done. At most two parts are in memory at a time.
 *
 * The SHA-256 stands in the object's metadata. An upload in parts whose hash is not known when it begins names a second,
 * tiny object instead, which holds the hash; keys of those begin with `hash/` and cannot be asked for.
 */
export function r2Store(bucket: R2Bucket): ObjectStore {
  return {
    put: async (key, body, meta) => put(bucket, checkedKey(key), body, meta),

    async get(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      if (object === null) return null;
      return { meta: await metaOf(bucket, object), body: bodyOf(bucket, key) };
    },

    async head(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      return object === null ? null : metaOf(bucket, object);
    },

    // R2 cannot rename. The bytes are read twice, and the second reading is held to the hash of the first: what is written
    // to `from` between the two makes the copy fail, and never gets in.
    async copy(from, keyFor) {
      const object = await answered(bucket.head(checkedKey(from)));
      if (object === null) return null;
      const { sha256, size } = await hashed(bodyOf(bucket, from));
      const meta = { size, sha256, contentType: object.httpMetadata?.contentType ?? null };
      const to = keyFor(meta);
      if (to === null) return { meta, key: null };
      const there = await answered(bucket.head(checkedKey(to)));
      const isThere = there !== null && (await metaOf(bucket, there)).sha256 === sha256;
      if (!isThere) await put(bucket, to, bodyOf(bucket, from), meta);
      return { meta, key: to };
    },

    async delete(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      const hash = object?.customMetadata?.['hash'];
      await answered(bucket.delete(hash === undefined ? key : [key, hash]));
    },
  };
}

async function put(
  bucket: R2Bucket,
  key: string,
  body: AsyncIterable<Uint8Array> | Uint8Array,
  announced: PutMeta,
): Promise<ObjectMeta> {
  const { contentType } = announced;
  const place: Place = { bucket, key, announced, http: contentType === null ? {} : { contentType } };
  const parts = slices(body, PART_BYTES)[Symbol.asyncIterator]();
  const [first, second] = [await next(parts), await next(parts)];
  const before = await answered(bucket.head(key));
  const kept =
    second === null
      ? await putWhole(place, first ?? new Uint8Array())
      : await putInParts(place, [first ?? new Uint8Array(), second], parts);
  const orphan = before?.customMetadata?.['hash'];
  if (orphan !== undefined) await answered(bucket.delete(orphan));
  return { ...kept, contentType };
}

interface Place {
  readonly bucket: R2Bucket;
  readonly key: string;
  readonly announced: PutMeta;
  readonly http: R2HTTPMetadata;
}

type Kept = Omit<ObjectMeta, 'contentType'>;

async function next(parts: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
  const step = await parts.next();
  return step.done === true ? null : step.value;
}

async function putWhole({ bucket, key, announced, http }: Place, bytes: Uint8Array): Promise<Kept> {
  const kept = keptOf(createHash('sha256').update(bytes), bytes.length, announced);
  const { sha256 } = kept;
  // R2 computes the hash itself and refuses what arrives damaged.
  await answered(bucket.put(key, bytes, { httpMetadata: http, sha256, customMetadata: { sha256 } }));
  return kept;
}

async function putInParts(
  { bucket, key, announced, http }: Place,
  read: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): Promise<Kept> {
  const hashKey = `hash/${crypto.randomUUID()}`;
  const customMetadata: Record<string, string> =
    announced.sha256 === undefined ? { hash: hashKey } : { sha256: announced.sha256 };
  const upload = await answered(bucket.createMultipartUpload(key, { httpMetadata: http, customMetadata }));
  const hash = createHash('sha256');
  const uploaded: R2UploadedPart[] = [];
  let size = 0;
  try {
    const waiting = [...read];
    for (let part = waiting.shift() ?? null; part !== null; part = waiting.shift() ?? (await next(rest))) {
      hash.update(part);
      size += part.length;
      uploaded.push(await answered(upload.uploadPart(uploaded.length + 1, part)));
    }
    const kept = keptOf(hash, size, announced);
    if ('hash' in customMetadata) await answered(bucket.put(hashKey, kept.sha256));
    await answered(upload.complete(uploaded));
    return kept;
  } catch (cause) {
    // Best effort: R2 drops unfinished uploads by itself after seven days.
    await upload.abort().catch(() => {});
    await bucket.delete(hashKey).catch(() => {});
    throw cause;
  }
}

/** @throws WrongBytes before anything is kept. */
function keptOf(hash: Hash, size: number, announced: PutMeta): Kept {
  const sha256 = hash.digest('hex');
  if ((announced.size ?? size) !== size || (announced.sha256 ?? sha256) !== sha256) {
    throw new WrongBytes('The bytes are not those that were announced');
  }
  return { size, sha256 };
}

async function hashed(body: AsyncIterable<Uint8Array>): Promise<Kept> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of body) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, sha256: hash.digest('hex') };
}

async function* bodyOf(bucket: R2Bucket, key: string): AsyncGenerator<Uint8Array> {
  const object = await answered(bucket.get(key));
  if (object === null) throw new StoreUnavailable('The object went away before it was read');
  yield* object.body;
}

async function metaOf(bucket: R2Bucket, object: R2Object): Promise<ObjectMeta> {
  const beside = object.customMetadata?.['hash'];
  const sha256 =
    beside === undefined ? object.customMetadata?.['sha256'] : await (await answered(bucket.get(beside)))?.text();
  return { size: object.size, sha256: sha256 ?? '', contentType: object.httpMetadata?.contentType ?? null };
}

/** The bucket's own failures in the house's word for them. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new StoreUnavailable('The object store did not answer', { cause });
  }
}
