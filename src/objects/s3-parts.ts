import type { Bucket, Described, Part, Upload } from './bucket.ts';
import type { Hasher } from './hasher.ts';
import type { After } from './s3-requests.ts';
import { asked } from './s3-requests.ts';
import type { ObjectMeta } from './store.ts';
import { StoreUnavailable } from './store.ts';

interface Target {
  readonly bucket: Bucket;
  readonly after: After;
  readonly hasher: () => Hasher;
  readonly object: Described & { readonly key: string };
}

interface Cut {
  readonly first: Uint8Array;
  readonly rest: AsyncIterable<Uint8Array>;
  /** What it was in the end; throws when that is not what was announced. */
  readonly found: () => Promise<ObjectMeta>;
}

/** A long body, part after part. Nothing is visible before the last step, and nothing stays when a step fails. */
export async function uploadInParts(target: Target, cut: Cut): Promise<ObjectMeta> {
  const { bucket, after, object } = target;
  const upload = await asked(after, 0, ({ signal }) => bucket.begin(object, signal));
  if (upload === null) throw new StoreUnavailable('There is no such bucket');
  try {
    const parts: Part[] = [await sendPart(target, upload, { number: 1, bytes: cut.first })];
    for await (const bytes of cut.rest) {
      parts.push(await sendPart(target, upload, { number: parts.length + 1, bytes }));
    }
    const found = await cut.found();
    await complete(target, { upload, parts }, found);
    return found;
  } catch (cause) {
    // Best effort: a rule of the bucket drops unfinished uploads after a day.
    await asked(after, 0, ({ signal }) => bucket.abort(upload, signal)).catch(() => {});
    throw cause;
  }
}

async function sendPart(
  { bucket, after, hasher }: Target,
  upload: Upload,
  { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
): Promise<Part> {
  const hash = hasher();
  hash.update(bytes);
  const sha256 = await hash.digest();
  const part = { upload, number, bytes, sha256 };
  const answer = await asked(after, bytes.byteLength, ({ signal }) => bucket.putPart(part, signal));
  if (answer === null) throw new StoreUnavailable('The object store lost an upload');
  return answer;
}

/** An answer that got lost makes the next try find no upload: then the object itself tells whether it is there. */
async function complete(
  { bucket, after, object }: Target,
  all: { readonly upload: Upload; readonly parts: readonly Part[] },
  found: ObjectMeta,
): Promise<void> {
  const answer = await asked(after, 0, ({ signal }) => bucket.finish(all, signal));
  if (answer !== null) return;
  const there = await asked(after, 0, ({ signal }) => bucket.look(object.key, signal));
  if (there?.size !== found.size || there.metadata.sha256 !== object.metadata.sha256) {
    throw new StoreUnavailable('The object store lost an upload');
  }
}
