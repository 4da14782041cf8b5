import { concatenated } from './bytes.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
/** White space is held to see whether its line ends (RFC 2045 §6.7 (3)). A longer run is text: it would have to be held for ever. */
const MAX_WHITE_SPACE = 1_000;

/** How a place reads: so many bytes are read, and this stands for them. */
interface Reading {
  readonly length: number;
  /** A byte, `skip` for a soft line break or white space at a line's end, `keep` for the bytes themselves. */
  readonly as: number | 'skip' | 'keep';
}

/**
 * RFC 2045 §6.7, and what is met: an `=` that begins nothing is an `=`, lower-case digits count, bytes that should have been
 * encoded stand for themselves, and white space may stand between an `=` and the line end it takes back.
 */
export class QuotedPrintableDecoder {
  #waiting: Uint8Array = new Uint8Array(0);
  #isInLongRun = false;

  decode(bytes: Uint8Array): Uint8Array {
    return this.#read(this.#waiting.length === 0 ? bytes : concatenated([this.#waiting, bytes]), false);
  }

  end(): Uint8Array {
    return this.#read(this.#waiting, true);
  }

  #read(bytes: Uint8Array, isLast: boolean): Uint8Array {
    const out = new Uint8Array(bytes.length);
    let to = 0;
    let at = 0;
    this.#waiting = new Uint8Array(0);
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      const isSpace = byte === SPACE || byte === TAB;
      if (!isSpace) this.#isInLongRun = false;
      if (byte !== EQUALS && (!isSpace || this.#isInLongRun)) {
        out[to++] = byte;
        at += 1;
        continue;
      }
      const reading = isSpace ? whiteSpaceAt(bytes, at, isLast) : escapeAt(bytes, at, isLast);
      if (reading === null) {
        this.#waiting = bytes.slice(at);
        break;
      }
      if (reading.as === 'keep') {
        out.set(bytes.subarray(at, at + reading.length), to);
        to += reading.length;
        this.#isInLongRun = reading.length > MAX_WHITE_SPACE;
      } else if (reading.as !== 'skip') out[to++] = reading.as;
      at += reading.length;
    }
    return out.subarray(0, to);
  }
}

/** Null when more must come to tell. */
function escapeAt(bytes: Uint8Array, at: number, isLast: boolean): Reading | null {
  const high = hexValue(bytes[at + 1]);
  const low = hexValue(bytes[at + 2]);
  if (high !== null && low !== null) return { length: 3, as: high * 16 + low };
  if (!isLast && (at + 1 >= bytes.length || (high !== null && at + 2 >= bytes.length))) return null;
  const end = endOfWhiteSpace(bytes, at + 1);
  const length = end - at - 1;
  if (length > MAX_WHITE_SPACE) return { length: 1, as: 'keep' };
  if (end >= bytes.length) return isLast ? { length: end - at, as: 'skip' } : null;
  if (bytes[end] === LF) return { length: end - at + 1, as: 'skip' };
  if (bytes[end] === CR) {
    if (bytes[end + 1] === LF) return { length: end - at + 2, as: 'skip' };
    if (end + 1 >= bytes.length && !isLast) return null;
  }
  return { length: 1, as: 'keep' };
}

function whiteSpaceAt(bytes: Uint8Array, at: number, isLast: boolean): Reading | null {
  const end = endOfWhiteSpace(bytes, at);
  const length = end - at;
  if (length > MAX_WHITE_SPACE) return { length, as: 'keep' };
  if (end >= bytes.length) return isLast ? { length, as: 'skip' } : null;
  if (bytes[end] === LF) return { length, as: 'skip' };
  if (bytes[end] === CR) {
    if (bytes[end + 1] === LF) return { length, as: 'skip' };
    if (end + 1 >= bytes.length && !isLast) return null;
  }
  return { length, as: 'keep' };
}

/** Looks no further than needed to know that a run is long. */
function endOfWhiteSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  const last = Math.min(bytes.length, start + MAX_WHITE_SPACE + 1);
  while (at < last && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
  return at;
}

function hexValue(byte: number | undefined): number | null {
  if (byte === undefined) return null;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return null;
}
