import type { Hasher } from './hasher.ts';
import type { ObjectMeta, PutMeta } from './store.ts';
import { WrongBytes } from './store.ts';

/** It becomes a header of the store's: RFC 6838 §4.2 allows 127 characters for each half, and there may be parameters. */
const CONTENT_TYPE = /^[\x20-\x7e]{1,300}$/;

/** A body on its way into a store. */
export interface Measured {
  /**
   * The body as it comes; ends with WrongBytes as soon as it is longer than announced, so that nobody fills a store behind
   * an announced length.
   */
  readonly pieces: AsyncIterable<Uint8Array>;
  /**
   * What it was, once all of it has passed.
   *
   * @throws WrongBytes when something else was announced.
   */
  found(): Promise<ObjectMeta>;
}

/**
 * Counts and hashes a body while it passes.
 *
 * @throws RangeError for a content type that is empty, longer than 300 characters or not printable ASCII.
 */
export function measured(
  body: AsyncIterable<Uint8Array> | Uint8Array,
  announced: PutMeta,
  hasher: Hasher,
): Measured {
  const { contentType } = announced;
  if (contentType !== null && !CONTENT_TYPE.test(contentType)) {
    throw new RangeError('A content type is printable ASCII of 1 to 300 characters');
  }
  let size = 0;
  async function* pieces(): AsyncIterable<Uint8Array> {
    for await (const piece of body instanceof Uint8Array ? [body] : body) {
      size += piece.byteLength;
      if (announced.size !== undefined && size > announced.size) {
        throw new WrongBytes('The body is longer than announced');
      }
      hasher.update(piece);
      yield piece;
    }
  }
  return {
    pieces: pieces(),
    async found() {
      const sha256 = await hasher.digest();
      if (size !== (announced.size ?? size) || sha256 !== (announced.sha256 ?? sha256)) {
        throw new WrongBytes('The body is not what was announced');
      }
      return { size, sha256, contentType };
    },
  };
}
