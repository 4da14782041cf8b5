/**
 * The same bytes in pieces of exactly `size`, the last one shorter. Nothing is yielded for nothing. All pieces are views of
 * one buffer: each is good only until the next is asked for, so that a long body costs one piece of memory and no garbage.
 */
export async function* slices(body: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let slice = new Uint8Array(0);
  let filled = 0;
  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      if (filled === slice.length) slice = grown(slice, size, filled + piece.length - at);
      const taken = piece.subarray(at, at + slice.length - filled);
      slice.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled === size) {
        yield slice;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield slice.subarray(0, filled);
}

/** Doubles, so that a small body does not cost a whole slice. */
function grown(slice: Uint8Array, size: number, wanted: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(size, Math.max(wanted, slice.length * 2)));
  larger.set(slice);
  return larger;
}
