import type { Hasher } from './hasher.ts';
import type { ObjectMeta } from './store.ts';
import { WrongBytes } from './store.ts';

/**
 * The same bytes, held against the size and SHA-256 they must have (delivery.md section 4). The last piece is given out only
 * when all of it was right: whoever counts bytes, instead of waiting for the end, never gets the full number of wrong ones.
 *
 * @throws WrongBytes instead of ending
 */
export async function* verified(
  body: AsyncIterable<Uint8Array>,
  expected: Pick<ObjectMeta, 'size' | 'sha256'>,
  hasher: Hasher,
): AsyncIterable<Uint8Array> {
  let size = 0;
  let held: Uint8Array | null = null;
  for await (const piece of body) {
    if (piece.byteLength === 0) continue;
    size += piece.byteLength;
    if (size > expected.size) break;
    hasher.update(piece);
    if (held !== null) yield held;
    held = piece;
  }
  if (size !== expected.size || (await hasher.digest()) !== expected.sha256) {
    throw new WrongBytes('The bytes are not those that were put');
  }
  if (held !== null) yield held;
}
