/** RFC 2045 §6.8: lines of 76 characters, which are 57 bytes. */
const LINE_BYTES = 57;
const LINE_CHARACTERS = 76;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Two characters for every twelve bits: half the look-ups. */
const PAIRS = pairs();
const CR = 0x0d;
const LF = 0x0a;
const PADDING = 0x3d;

/** Bytes of this many in base64, each line with its CRLF, the last one too. */
export function base64Size(bytes: number): number {
  const whole = Math.floor(bytes / LINE_BYTES);
  const rest = bytes % LINE_BYTES;
  return whole * (LINE_CHARACTERS + 2) + (rest === 0 ? 0 : Math.ceil(rest / 3) * 4 + 2);
}

/** The same bytes in base64, as they come: of what was read, less than a line is kept. */
export async function* base64Lines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array = new Uint8Array(0);
  for await (const piece of pieces) {
    if (kept.length + piece.length < LINE_BYTES) {
      kept = joined(kept, piece);
      continue;
    }
    const missing = kept.length === 0 ? 0 : LINE_BYTES - kept.length;
    const first = joined(kept, piece.subarray(0, missing));
    const end = piece.length - ((piece.length - missing) % LINE_BYTES);
    kept = piece.slice(end);
    yield encoded(first, piece.subarray(missing, end));
  }
  if (kept.length > 0) yield encoded(kept, kept.subarray(kept.length));
}

/** All of it at once, each line with its CRLF, the last one too. */
export function inBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(base64Size(bytes.length));
  writeLines(out, 0, bytes);
  return out;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Both as lines; only what ends the file may be shorter than a line. */
function encoded(first: Uint8Array, rest: Uint8Array): Uint8Array {
  const out = new Uint8Array(base64Size(first.length) + base64Size(rest.length));
  writeLines(out, writeLines(out, 0, first), rest);
  return out;
}

function writeLines(out: Uint8Array, start: number, bytes: Uint8Array): number {
  let to = start;
  for (let from = 0; from < bytes.length; from += LINE_BYTES) {
    to = writeLine(out, to, bytes, from);
    out[to++] = CR;
    out[to++] = LF;
  }
  return to;
}

/** A loop over indices and not over views: a file of 25 MiB has half a million lines. */
function writeLine(out: Uint8Array, start: number, bytes: Uint8Array, from: number): number {
  const end = Math.min(from + LINE_BYTES, bytes.length);
  let to = start;
  for (let at = from; at < end; at += 3) {
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const high = PAIRS[word >> 12] ?? 0;
    const low = PAIRS[word & 0xfff] ?? 0;
    out[to++] = high >> 8;
    out[to++] = high & 0xff;
    out[to++] = low >> 8;
    out[to++] = low & 0xff;
  }
  const missing = (3 - ((end - from) % 3)) % 3;
  out.fill(PADDING, to - missing, to);
  return to;
}

function pairs(): Uint16Array {
  const codes = Array.from(ALPHABET, (character) => character.charCodeAt(0));
  return Uint16Array.from(codes.flatMap((high) => codes.map((low) => (high << 8) | low)));
}
