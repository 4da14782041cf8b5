/** A stretch of a message: bytes that are here, or bytes of a known number that are read when their turn comes. */
export type Segment = Uint8Array | { readonly size: number; readonly open: () => AsyncIterable<Uint8Array> };

/** Small stretches go out together: a message of a hundred small files is not two hundred writes. */
const TOGETHER_BYTES = 16 * 1024;

/** Handed on in pieces, so that a reader with back-pressure never holds more than one. */
const PIECE_BYTES = 64 * 1024;

export function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce(
    (sum, segment) => sum + (segment instanceof Uint8Array ? segment.length : segment.size),
    0,
  );
}

/**
 * All of them in their order. One that gives another number of bytes than it promised is an error and never a message:
 * SIZE was announced to the relay, and the lines behind it would stand in another place.
 */
export async function* readSegments(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
  let together: Uint8Array[] = [];
  let waiting = 0;
  for (const segment of segments) {
    for await (const piece of segment instanceof Uint8Array ? cut(segment) : counted(segment)) {
      if (waiting + piece.length > TOGETHER_BYTES && waiting > 0) {
        yield joined(together, waiting);
        together = [];
        waiting = 0;
      }
      if (piece.length > TOGETHER_BYTES) yield piece;
      else {
        together.push(piece);
        waiting += piece.length;
      }
    }
  }
  if (waiting > 0) yield joined(together, waiting);
}

async function* counted(segment: Exclude<Segment, Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of segment.open()) {
    size += piece.length;
    yield piece;
  }
  if (size !== segment.size) throw new Error('A part of the message is not as long as it was announced.');
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
