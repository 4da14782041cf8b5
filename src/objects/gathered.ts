/** Pieces from here on pass as they are. */
const LARGE_BYTES = 16 * 1024;
const BLOCK_BYTES = 64 * 1024;

/**
 * The same bytes in fewer pieces, small ones copied into blocks. Whoever sends a mail decides how it comes, in lines of two bytes or in
 * chunks of one, and each piece that is written by itself costs as much as a large one: a megabyte of them would take ten seconds.
 */
export async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block: Uint8Array | null = null;
  let filled = 0;
  for await (const piece of pieces) {
    if (block !== null && filled + piece.length > BLOCK_BYTES) {
      yield block.subarray(0, filled);
      block = null;
    }
    if (block === null && piece.length >= LARGE_BYTES) {
      yield piece;
      continue;
    }
    if (block === null) [block, filled] = [new Uint8Array(BLOCK_BYTES), 0];
    block.set(piece, filled);
    filled += piece.length;
  }
  if (block !== null && filled > 0) yield block.subarray(0, filled);
}
