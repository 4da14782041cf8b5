import { MAX_LINE_BYTES } from './characters.ts';

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

/** Whether bytes can stand in a message as they are, with CRLF for each of their line ends, and how many they are then. */
export interface SevenBitReading {
  /** No byte over 0x7F, no NUL, no CR alone, no line over 998 bytes (RFC 5321 §4.5.3.1.6, RFC 2045 §2.7). */
  readonly isClean: boolean;
  readonly size: number;
}

/** Reads all of it, keeps nothing. */
export async function readSevenBit(pieces: AsyncIterable<Uint8Array>): Promise<SevenBitReading> {
  let isClean = true;
  let size = 0;
  let lineLength = 0;
  let last = 0;
  for await (const piece of pieces) {
    size += piece.length;
    for (const byte of piece) {
      if (byte === LF) {
        if (last !== CR) size += 1;
        lineLength = 0;
      } else {
        if (byte > 0x7f || byte === NUL || last === CR) isClean = false;
        if (byte !== CR) lineLength += 1;
        if (lineLength > MAX_LINE_BYTES) isClean = false;
      }
      last = byte;
    }
    // Read to the end all the same: it is whoever reads that finds out whether the bytes are the right ones.
  }
  return { isClean: isClean && last !== CR, size };
}

/** The same text with CRLF at each line end. */
export async function* withCrlf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last = 0;
  for await (const piece of pieces) {
    const out = new Uint8Array(piece.length * 2);
    let to = 0;
    for (const byte of piece) {
      if (byte === LF && last !== CR) out[to++] = CR;
      out[to++] = byte;
      last = byte;
    }
    yield out.subarray(0, to);
  }
}
