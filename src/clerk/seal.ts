import type { ObjectMeta } from '../objects/store.ts';
import type { Hasher } from './host.ts';

/** The bytes are not those that were put: a flipped bit, a file cut short. */
export class BrokenSeal extends Error {
  override readonly name = 'BrokenSeal';
}

/**
 * The bytes of an object, held against the size and SHA-256 it was put with (delivery.md section 4). The end is reached
 * only by the right bytes; a reader that sends them on must not finish before that.
 *
 * @throws BrokenSeal
 */
export async function* sealed(
  body: AsyncIterable<Uint8Array>,
  meta: Pick<ObjectMeta, 'size' | 'sha256'>,
  hasher: Hasher,
): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const piece of body) {
    size += piece.byteLength;
    if (size > meta.size) break;
    hasher.update(piece);
    yield piece;
  }
  if (size !== meta.size || (await hasher.digest()) !== meta.sha256) {
    throw new BrokenSeal('The stored bytes are not those that were put');
  }
}

/** All of it in memory: for bodies, which are bounded. */
export async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
