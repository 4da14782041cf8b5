import type { Bucket, Described, Looked } from './bucket.ts';
import type { Hasher } from './hasher.ts';
import { checkedKey } from './key.ts';
import { measured } from './measured.ts';
import { s3Body } from './s3-body.ts';
import { listBucket } from './s3-list.ts';
import { uploadInParts } from './s3-parts.ts';
import type { After } from './s3-requests.ts';
import { asked } from './s3-requests.ts';
import { slices } from './slices.ts';
import type { ObjectMeta, ObjectStore } from './store.ts';
import { StoreUnavailable } from './store.ts';

/** The least that a part may have but for the last; one part is in memory at a time. What is shorter goes in one piece. */
const PART_BYTES = 5 * 1024 * 1024;

/** Where nobody's keys are: what is not finished, and what is copied to be hashed. A crash may leave something there. */
const UNFINISHED = 'unfinished';

export interface S3Parts {
  readonly bucket: Bucket;
  readonly hasher: () => Hasher;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly after: After;
  /** Letters, digits and "-". */
  readonly newId: () => string;
}

/**
 * Objects in a bucket that speaks S3. Size is the store's; the SHA-256 stands in the object's metadata, which S3 takes before
 * the body: a long body whose hash is not announced goes up under another name, and is copied by the store when it is known.
 */
export function s3Store(parts: S3Parts): ObjectStore {
  const { bucket, after, now, hasher } = parts;
  const unfinished = (): string => `${UNFINISHED}/${parts.newId()}`;
  let isBucketThere = false;

  /** To HEAD, a missing bucket looks like a missing object: a mail would fail for good over a slip in the settings. */
  async function confirmBucket(): Promise<null> {
    const answer = isBucketThere || (await asked(after, 0, ({ signal }) => bucket.find(signal)));
    if (answer === null) throw new StoreUnavailable('There is no such bucket');
    isBucketThere = true;
    return null;
  }

  async function look(key: string): Promise<Looked | null> {
    const answer = await asked(after, 0, ({ signal }) => bucket.look(key, signal));
    return answer ?? confirmBucket();
  }

  async function putWhole(key: string, bytes: Uint8Array, found: ObjectMeta): Promise<void> {
    const object = { key, bytes, sha256: found.sha256, ...described(found) };
    const answer = await asked(after, bytes.byteLength, ({ signal }) => bucket.put(object, signal));
    if (answer === null) throw new StoreUnavailable('The object store did not take an object');
  }

  /** False when there is nothing at `from`. Without `found` the copy is described as its source is. */
  async function copyInside(from: string, to: string, found: ObjectMeta | null): Promise<boolean> {
    const way = { from, to, described: found === null ? null : described(found) };
    const answer = await asked(after, found?.size ?? 0, ({ signal }) => bucket.copy(way, signal));
    if (answer === null && found !== null) throw new StoreUnavailable('The object store lost an object');
    return answer !== null;
  }

  async function remove(key: string): Promise<void> {
    await asked(after, 0, ({ signal }) => bucket.delete(key, signal));
  }

  function bodyOf(key: string, { size, etag }: Looked): AsyncIterable<Uint8Array> {
    return s3Body({ bucket, after, key, size, etag });
  }

  return {
    async put(key, body, announced) {
      const to = checkedKey(key);
      const passing = measured(body, announced, hasher());
      if (body instanceof Uint8Array) {
        for await (const _ of passing.pieces);
        const found = await passing.found();
        await putWhole(to, body, found);
        return found;
      }
      const cut = slices(passing.pieces, PART_BYTES);
      const first = await cut.next();
      const bytes = first.done === true ? new Uint8Array() : first.value;
      if (bytes.byteLength < PART_BYTES) {
        const found = await passing.found();
        await putWhole(to, bytes, found);
        return found;
      }
      const { sha256, contentType } = announced;
      const name = sha256 === undefined ? unfinished() : to;
      const description = sha256 === undefined ? { metadata: {} } : described({ sha256, contentType });
      const found = await uploadInParts(
        { bucket, after, hasher, object: { key: name, ...description } },
        { first: bytes, rest: cut, found: () => passing.found() },
      );
      if (name !== to) {
        await copyInside(name, to, found).finally(() => remove(name).catch(() => {}));
      }
      return found;
    },

    async get(key) {
      const answer = await look(checkedKey(key));
      return answer === null ? null : { meta: metaOf(answer), body: bodyOf(key, answer) };
    },

    async head(key) {
      const answer = await look(checkedKey(key));
      return answer === null ? null : metaOf(answer);
    },

    async copy(from, keyFor) {
      const name = unfinished();
      if (!(await copyInside(checkedKey(from), name, null))) return null;
      try {
        const copied = await look(name);
        if (copied === null) throw new StoreUnavailable('The copy is not there');
        const { contentType } = metaOf(copied);
        const passing = measured(bodyOf(name, copied), { contentType }, hasher());
        for await (const _ of passing.pieces);
        const meta = await passing.found();
        const key = keyFor(meta);
        if (key === null) return { meta, key };
        const there = await look(checkedKey(key));
        if (there === null || metaOf(there).sha256 !== meta.sha256) await copyInside(name, key, meta);
        return { meta, key };
      } finally {
        await remove(name).catch(() => {});
      }
    },

    async delete(key) {
      await remove(checkedKey(key));
    },

    list: (prefix) => listBucket({ bucket, after }, prefix),

    presignPut: (put) => bucket.sign(put, now()),
  };
}

/** What stands beside the bytes. S3 gives every object a type; ours may have none. */
function described({ sha256, contentType }: Pick<ObjectMeta, 'sha256' | 'contentType'>): Described {
  return contentType === null
    ? { metadata: { sha256, untyped: 'true' } }
    : { contentType, metadata: { sha256 } };
}

function metaOf({ size, contentType, metadata }: Looked): ObjectMeta {
  return {
    size,
    sha256: metadata.sha256 ?? '',
    contentType: metadata.untyped === undefined ? (contentType ?? null) : null,
  };
}
