import { concatenated } from '../mime/bytes.ts';
import type { AttachmentSink } from '../mime/parsed.ts';
import { gathered } from '../objects/gathered.ts';
import type { Hasher } from '../objects/hasher.ts';
import { objectKey } from '../objects/key.ts';
import { type ObjectStore, StoreUnavailable } from '../objects/store.ts';

/** Files up to this are held in memory until their hash is known; larger ones are put down under another name first. */
const HELD_BYTES = 1024 * 1024;
/**
 * Small files that are put at the same time. A put that is durable takes ten milliseconds: a mail of 60 kB in a thousand parts, one put
 * behind the other, would keep its reader for ten seconds. A Worker has six connections; and held is at most this often HELD_BYTES.
 */
const PUTS_AT_ONCE = 6;
/** What a key holds is told by the rows that name it, not by the store. */
const UNTYPED = 'application/octet-stream';

/** A file under its content key. */
export interface KeptFile {
  readonly key: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface KeepFilesParts {
  readonly account: string;
  readonly objects: ObjectStore;
  readonly hasher: () => Hasher;
  /** A fresh random id. */
  readonly newId: () => string;
}

/** Where the files of one mail go. */
export interface FileKeeping {
  readonly sink: AttachmentSink<KeptFile>;
  /** Resolves when all that the sink took is kept. @throws StoreUnavailable */
  finished(): Promise<void>;
}

/**
 * Puts the files of a mail under `t/<account>/<sha256>` while the mail is read: equal files of an account are one object.
 * Nothing is asked before a put: what is being deleted at this moment would be found and then gone. Equal files of this one
 * mail are put once.
 */
export function keepFiles(parts: KeepFilesParts): FileKeeping {
  const puts = new Puts();
  const known = new Set<string>();
  const { account, objects, hasher } = parts;
  return {
    async sink(_head, body) {
      const pieces = gathered(body)[Symbol.asyncIterator]();
      const held: Uint8Array[] = [];
      let size = 0;
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
        held.push(next.value);
        size += next.value.length;
        if (size > HELD_BYTES) return keepLarge(rest(held, pieces), parts);
      }
      const file = await named(concatenated(held), { account, hasher });
      if (!known.has(file.key)) await puts.begin(() => put(file, objects, UNTYPED));
      known.add(file.key);
      return { key: file.key, sha256: file.sha256 };
    },
    finished: () => puts.finished(),
  };
}

/** Some at once, and none is forgotten: what the first failure was is said to whoever comes next. */
class Puts {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly cause: unknown } | null = null;

  async begin(work: () => Promise<unknown>): Promise<void> {
    while (this.#running.size >= PUTS_AT_ONCE) await Promise.race(this.#running);
    this.#tell();
    const running: Promise<void> = work()
      .then(
        () => {},
        (cause: unknown) => {
          this.#failure ??= { cause };
        },
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async finished(): Promise<void> {
    await Promise.all(this.#running);
    this.#tell();
  }

  #tell(): void {
    if (this.#failure !== null) throw this.#failure.cause;
  }
}

interface Named extends KeptFile {
  readonly bytes: Uint8Array;
}

async function named(
  bytes: Uint8Array,
  { account, hasher }: Pick<KeepFilesParts, 'account' | 'hasher'>,
): Promise<Named> {
  const hash = hasher();
  hash.update(bytes);
  const sha256 = await hash.digest();
  return { key: objectKey({ account, id: sha256 }), sha256, bytes };
}

function put({ key, sha256, bytes }: Named, objects: ObjectStore, contentType: string): Promise<unknown> {
  return objects.put(key, bytes, { contentType, size: bytes.length, sha256 });
}

/** @throws StoreUnavailable */
export async function keep(
  bytes: Uint8Array,
  { account, objects, hasher }: Omit<KeepFilesParts, 'newId'>,
  contentType = UNTYPED,
): Promise<KeptFile> {
  const file = await named(bytes, { account, hasher });
  await put(file, objects, contentType);
  return { key: file.key, sha256: file.sha256 };
}

async function keepLarge(
  body: AsyncIterable<Uint8Array>,
  { account, objects, newId }: KeepFilesParts,
): Promise<KeptFile> {
  const passing = objectKey({ account, id: newId() });
  await objects.put(passing, body, { contentType: UNTYPED });
  try {
    const copied = await objects.copy(passing, ({ sha256 }) => objectKey({ account, id: sha256 }));
    if (copied === null || copied.key === null)
      throw new StoreUnavailable('What was put a moment ago is gone');
    return { key: copied.key, sha256: copied.meta.sha256 };
  } finally {
    // What cannot be deleted now, the sweep finds: no row names it.
    await objects.delete(passing).catch(() => undefined);
  }
}

async function* rest(held: Uint8Array[], pieces: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let piece = held.shift(); piece !== undefined; piece = held.shift()) yield piece;
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
}
