import type { Hasher } from '../objects/hasher.ts';
import { objectKey } from '../objects/key.ts';
import { type ObjectMeta, type ObjectStore, WrongBytes } from '../objects/store.ts';
import { verified } from '../objects/verified.ts';
import { hex } from './digest.ts';

const RANDOM_ID_BYTES = 16;
/** What a key holds is told by the rows that name it, not by the store. */
const UNTYPED = 'application/octet-stream';

/** A key that says nothing about what it will hold. */
export function randomKey(account: string, { randomBytes }: Pick<ShelfParts, 'randomBytes'>): string {
  return objectKey({ account, id: hex(randomBytes(RANDOM_ID_BYTES)) });
}

/** A file under its content key. */
export interface Kept {
  readonly key: string;
  readonly sha256: string;
  readonly size: number;
}

interface ShelfParts {
  readonly objects: ObjectStore;
  readonly hasher: () => Hasher;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly account: string;
}

/**
 * Where one request puts files: under `t/<account>/<sha256>`, each once however many mails of the request carry it. What it
 * holds on its way there it deletes again.
 */
export class Shelf {
  readonly #parts: ShelfParts;
  readonly #kept = new Map<string, Promise<Kept>>();
  readonly #passing = new Set<string>();

  constructor(parts: ShelfParts) {
    this.#parts = parts;
  }

  /** @throws StoreUnavailable */
  keep(
    bytes: Uint8Array,
    { sha256, contentType = UNTYPED }: { readonly sha256: string; readonly contentType?: string },
  ): Promise<Kept> {
    const { objects } = this.#parts;
    const key = this.#contentKey(sha256);
    const size = bytes.length;
    return this.#once(key, async () => {
      // Also where it may be there already: what is being deleted at this moment would be found and then gone.
      await objects.put(key, bytes, { contentType, size, sha256 });
      return { key, sha256, size };
    });
  }

  /**
   * Takes a copy of what lies elsewhere. Null: there is nothing, or not what `isRight` expects.
   *
   * @throws StoreUnavailable
   */
  async keepCopy(from: string, isRight: (found: ObjectMeta) => boolean): Promise<Kept | null> {
    const keyFor = (found: ObjectMeta): string | null =>
      isRight(found) ? this.#contentKey(found.sha256) : null;
    const copied = await this.#parts.objects.copy(from, keyFor).catch(nothingRight);
    if (copied === null || copied.key === null) return null;
    const { size, sha256 } = copied.meta;
    return { key: copied.key, size, sha256 };
  }

  /** Puts down what is too large to be held in memory until it is known what becomes of it. */
  async pass(body: AsyncIterable<Uint8Array>): Promise<Kept> {
    const key = randomKey(this.#parts.account, this.#parts);
    this.#passing.add(key);
    const { size, sha256 } = await this.#parts.objects.put(key, body, { contentType: UNTYPED });
    return { key, size, sha256 };
  }

  /** The bytes, or an error instead of wrong ones. */
  async *open({ key, size, sha256 }: Kept): AsyncIterable<Uint8Array> {
    const found = await this.#parts.objects.get(key);
    if (found === null) throw new Error('A file that was stored a moment ago is gone');
    yield* verified(found.body, { size, sha256 }, this.#parts.hasher());
  }

  /** Deletes what was on its way. What cannot be deleted now, the sweep finds: no row names it. */
  async clear(): Promise<void> {
    for (const key of this.#passing) await this.#parts.objects.delete(key).catch(() => undefined);
    this.#passing.clear();
  }

  #contentKey(sha256: string): string {
    return objectKey({ account: this.#parts.account, id: sha256 });
  }

  #once(key: string, keep: () => Promise<Kept>): Promise<Kept> {
    const known = this.#kept.get(key) ?? keep();
    this.#kept.set(key, known);
    return known;
  }
}

/** An upload that came with a Content-Encoding is none of what was announced. */
function nothingRight(cause: unknown): null {
  if (cause instanceof WrongBytes) return null;
  throw cause;
}
