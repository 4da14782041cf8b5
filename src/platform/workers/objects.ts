import { createHash } from 'node:crypto';
import { checkedKey } from '../../objects/key.ts';
import type { ObjectMeta, ObjectStore } from '../../objects/store.ts';
import { StoreUnavailable } from '../../objects/store.ts';
import { slices } from './slices.ts';

/** R2 takes parts of 5 MiB and more, all but the last of one size. What fits into one part is put in one piece. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * The house's object store in an R2 bucket. A put is whole or not there: R2 shows an object only when its put, or the last
 * step of its multipart upload, is done. At most two parts are in memory at a time.
 *
 * The SHA-256 stands in the object's metadata. An upload in parts is created before its hash is known, so its metadata names
 * a second, tiny object that holds the hash; keys of those begin with `hash/` and cannot be asked for.
 */
export function r2Store(bucket: R2Bucket): ObjectStore {
  return {
    async put(key, body, { contentType }) {
      const meta = contentType === null ? {} : { httpMetadata: { contentType } };
      const place: Place = { bucket, key: checkedKey(key), meta };
      const parts = slices(body, PART_BYTES)[Symbol.asyncIterator]();
      const [first, second] = [await next(parts), await next(parts)];
      const before = await answered(bucket.head(place.key));
      const kept =
        second === null
          ? await putWhole(place, first ?? new Uint8Array())
          : await putInParts(place, [first ?? new Uint8Array(), second], parts);
      if (before?.customMetadata?.['hash'] !== undefined) {
        await answered(bucket.delete(before.customMetadata['hash']));
      }
      return { ...kept, contentType };
    },

    async get(key) {
      const object = await answered(bucket.get(checkedKey(key)));
      return object === null ? null : { meta: await metaOf(bucket, object), body: object.body };
    },

    async head(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      return object === null ? null : metaOf(bucket, object);
    },

    async delete(key) {
      const object = await answered(bucket.head(checkedKey(key)));
      const hash = object?.customMetadata?.['hash'];
      await answered(bucket.delete(hash === undefined ? key : [key, hash]));
    },
  };
}

interface Place {
  readonly bucket: R2Bucket;
  readonly key: string;
  readonly meta: R2MultipartOptions;
}

type Kept = Omit<ObjectMeta, 'contentType'>;

async function next(parts: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
  const step = await parts.next();
  return step.done === true ? null : step.value;
}

async function putWhole({ bucket, key, meta }: Place, bytes: Uint8Array): Promise<Kept> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  // R2 computes the hash itself and refuses what arrives damaged.
  await answered(bucket.put(key, bytes, { ...meta, sha256, customMetadata: { sha256 } }));
  return { size: bytes.length, sha256 };
}

async function putInParts(
  { bucket, key, meta }: Place,
  read: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): Promise<Kept> {
  const hashKey = `hash/${crypto.randomUUID()}`;
  const upload = await answered(
    bucket.createMultipartUpload(key, { ...meta, customMetadata: { hash: hashKey } }),
  );
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
    const sha256 = hash.digest('hex');
    await answered(bucket.put(hashKey, sha256));
    await answered(upload.complete(uploaded));
    return { size, sha256 };
  } catch (cause) {
    // Best effort: R2 drops unfinished uploads by itself after seven days.
    await upload.abort().catch(() => {});
    await bucket.delete(hashKey).catch(() => {});
    throw cause;
  }
}

async function metaOf(bucket: R2Bucket, object: R2Object): Promise<ObjectMeta> {
  const beside = object.customMetadata?.['hash'];
  const sha256 =
    beside === undefined
      ? object.customMetadata?.['sha256']
      : await (await answered(bucket.get(beside)))?.text();
  if (sha256 === undefined) throw new StoreUnavailable('An object of the bucket was not put there by Mailwright');
  return { size: object.size, sha256, contentType: object.httpMetadata?.contentType ?? null };
}

/** The bucket's own failures in the house's word for them. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new StoreUnavailable('The object store did not answer', { cause });
  }
}
