import { checkedKey, checkedPrefix } from '../../objects/key.ts';
import { type Measured, measured } from '../../objects/measured.ts';
import { slices } from '../../objects/slices.ts';
import type { ObjectMeta, ObjectStore, PutMeta } from '../../objects/store.ts';
import { StoreUnavailable } from '../../objects/store.ts';
import { sha256Hasher } from './hasher.ts';

/** The least that R2 takes for a part, all but the last of one size. What fits into one part is put in one piece. */
const PART_BYTES = 5 * 1024 * 1024;

/** Read at once where bytes only pass. */
const READ_BYTES = 64 * 1024;

/**
 * The house's object store in an R2 bucket. A put is whole or not there: R2 shows an object only when its put, or the last
 * step of its multipart upload, is done. One part is in memory at a time.
 *
 * The SHA-256 stands in the object's metadata. An upload in parts whose hash is not known when it begins names a second,
 * tiny object instead, which holds the hash; keys of those begin with `hash/` and cannot be asked for.
 */
export function r2Store(bucket: R2Bucket): ObjectStore {
  return {
    put: async (key, body, announced) => put({ bucket, key: checkedKey(key), announced }, body),

    async get(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      return object === null ? null : { meta: await metaOf(bucket, object), body: bodyOf(bucket, key) };
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
      const contentType = object.httpMetadata?.contentType ?? null;
      const passing = measured(passingBody(bucket, from), { contentType }, sha256Hasher());
      for await (const _piece of passing.pieces);
      const meta = await passing.found();
      const given = keyFor(meta);
      if (given === null) return { meta, key: null };
      const key = checkedKey(given);
      const there = await answered(bucket.head(key));
      const isThere = there !== null && (await metaOf(bucket, there)).sha256 === meta.sha256;
      if (!isThere) await put({ bucket, key, announced: meta }, passingBody(bucket, from));
      return { meta, key };
    },

    async delete(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      const hash = object?.customMetadata?.['hash'];
      await answered(bucket.delete(hash === undefined ? key : [key, hash]));
    },

    async *list(prefix) {
      const below = checkedPrefix(prefix);
      let page: R2Objects | null = null;
      do {
        const options: R2ListOptions = page?.truncated
          ? { prefix: below, cursor: page.cursor }
          : { prefix: below };
        page = await answered(bucket.list(options));
        for (const { key, uploaded } of page.objects) yield { key, putAt: uploaded.getTime() };
      } while (page.truncated);
    },
  };
}

interface Place {
  readonly bucket: R2Bucket;
  readonly key: string;
  readonly announced: PutMeta;
}

async function put(place: Place, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<ObjectMeta> {
  const passing = measured(body, place.announced, sha256Hasher());
  const parts = slices(passing.pieces, PART_BYTES);
  const first = (await next(parts)) ?? new Uint8Array();
  const before = await answered(place.bucket.head(place.key));
  const meta =
    first.length < PART_BYTES
      ? await putWhole(place, first, passing)
      : await putInParts(place, first, { parts, passing });
  const orphan = before?.customMetadata?.['hash'];
  if (orphan !== undefined) await answered(place.bucket.delete(orphan));
  return meta;
}

async function next(parts: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
  const step = await parts.next();
  return step.done === true ? null : step.value;
}

async function putWhole(place: Place, bytes: Uint8Array, passing: Measured): Promise<ObjectMeta> {
  const meta = await passing.found();
  const { sha256 } = meta;
  // R2 computes the hash itself and refuses what arrives damaged.
  const options = { httpMetadata: httpOf(place.announced), sha256, customMetadata: { sha256 } };
  await answered(place.bucket.put(place.key, bytes, options));
  return meta;
}

async function putInParts(
  { bucket, key, announced }: Place,
  first: Uint8Array,
  rest: { readonly parts: AsyncIterator<Uint8Array>; readonly passing: Measured },
): Promise<ObjectMeta> {
  const hashKey = `hash/${crypto.randomUUID()}`;
  const isKnown = announced.sha256 !== undefined;
  const upload = await answered(
    bucket.createMultipartUpload(key, {
      httpMetadata: httpOf(announced),
      customMetadata: announced.sha256 === undefined ? { hash: hashKey } : { sha256: announced.sha256 },
    }),
  );
  const uploaded: R2UploadedPart[] = [];
  try {
    for (let part: Uint8Array | null = first; part !== null; part = await next(rest.parts)) {
      uploaded.push(await answered(upload.uploadPart(uploaded.length + 1, part)));
    }
    const meta = await rest.passing.found();
    if (!isKnown) await answered(bucket.put(hashKey, meta.sha256));
    await answered(upload.complete(uploaded));
    return meta;
  } catch (cause) {
    // Best effort: R2 drops unfinished uploads by itself after seven days.
    await upload.abort().catch(() => {});
    await bucket.delete(hashKey).catch(() => {});
    throw cause;
  }
}

function httpOf({ contentType }: PutMeta): R2HTTPMetadata {
  return contentType === null ? {} : { contentType };
}

async function* bodyOf(bucket: R2Bucket, key: string): AsyncGenerator<Uint8Array> {
  const object = await answered(bucket.get(key));
  if (object === null) throw new StoreUnavailable('The object went away before it was read');
  yield* object.body;
}

/** As `bodyOf`, each piece good only until the next is asked for: the same memory is read into again. */
async function* passingBody(bucket: R2Bucket, key: string): AsyncGenerator<Uint8Array> {
  const object = await answered(bucket.get(key));
  if (object === null) throw new StoreUnavailable('The object went away before it was read');
  const reader = object.body.getReader({ mode: 'byob' });
  let memory: ArrayBufferLike = new ArrayBuffer(READ_BYTES);
  try {
    for (;;) {
      const read: ReadableStreamReadResult<Uint8Array> = await reader.read(new Uint8Array(memory));
      if (read.done) return;
      yield read.value;
      memory = read.value.buffer;
    }
  } finally {
    // Nothing is left of it when it was read to its end.
    await reader.cancel().catch(() => {});
  }
}

async function metaOf(bucket: R2Bucket, object: R2Object): Promise<ObjectMeta> {
  const beside = object.customMetadata?.['hash'];
  const sha256 =
    beside === undefined
      ? object.customMetadata?.['sha256']
      : await (await answered(bucket.get(beside)))?.text();
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
