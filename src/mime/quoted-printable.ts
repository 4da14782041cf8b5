/** RFC 2045 §6.7 (5): no line is longer, the `=` of a soft line break included. */
const LINE_BYTES = 76;
/** A line is cut behind a word when one ends in this last part of it. */
const MARGIN = 25;
/**
 * Text is encoded in stretches of this many bytes, and where a line that crosses their border is cut depends on that. It is
 * part of the composed bytes, which must be the same at every attempt.
 */
const STRETCH_BYTES = 64 * 1024;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const EQUALS = 0x3d;
const HEX = Uint8Array.from('0123456789ABCDEF', (digit) => digit.charCodeAt(0));
/** What stands for itself: line ends, and all that is printable but `=`. White space only inside a line. */
const LITERAL = Uint8Array.from({ length: 256 }, (_, byte) => Number(isLiteral(byte)));
/** Behind these a line is cut rather than inside a word. */
const WORD_ENDS = Uint8Array.from({ length: 256 }, (_, byte) => Number(' \t.,!?'.includes(ascii(byte))));

/** Kept, for a fresh one of this size is zeroed at each mail; nothing of it is handed out. */
const scratch = new Uint8Array(3 * STRETCH_BYTES);

/** RFC 2045 §6.7 rules 1, 2 and 4. */
export function isLiteral(byte: number): boolean {
  return (byte >= SPACE && byte <= 0x7e && byte !== EQUALS) || byte === TAB || byte === CR || byte === LF;
}

/** Text with CRLF line ends as quoted-printable; what ends the text ends what comes out. */
export function quotedPrintable(text: Uint8Array): Uint8Array<ArrayBuffer> {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text[end - 1])) end -= 1;
  // White space at the end stands apart: it is encoded, and where its line is cut is settled when the rest is written.
  if (text.length - end > STRETCH_BYTES) end = text.length;
  const lines = new Lines();
  for (let from = 0; from < end; from += STRETCH_BYTES) {
    const to = Math.min(from + STRETCH_BYTES, end);
    lines.write(escaped(text.subarray(from, to), to < end ? text[to] : undefined));
  }
  if (end < text.length) lines.write(escaped(text.subarray(end), undefined));
  return lines.end();
}

/** The bytes with all that is not literal escaped. What comes out is good until the next call. */
function escaped(bytes: Uint8Array, next: number | undefined): Uint8Array {
  const out = bytes.length <= STRETCH_BYTES ? scratch : new Uint8Array(bytes.length * 3);
  let to = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    // Nearly all bytes: nothing to escape, and nothing that would be lost at the end of a line.
    if (byte > SPACE && LITERAL[byte] === 1) {
      out[to++] = byte;
      continue;
    }
    if (LITERAL[byte] === 1 && !(isWhiteSpace(byte) && endsLine(bytes, at, next))) {
      out[to++] = byte;
      continue;
    }
    out[to++] = EQUALS;
    out[to++] = HEX[byte >> 4] ?? 0;
    out[to++] = HEX[byte & 0x0f] ?? 0;
  }
  return out.subarray(0, to);
}

/** RFC 2045 §6.7 (3): white space in front of a line end, or of the end of the text, would be lost on the way. */
function endsLine(bytes: Uint8Array, at: number, next: number | undefined): boolean {
  const following = at + 1 < bytes.length ? bytes[at + 1] : next;
  return following === undefined || following === LF || following === CR;
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

/** Puts soft line breaks in. The last line is kept until it is known what follows it. */
class Lines {
  #out = new Uint8Array(0);
  #to = 0;
  #open: Uint8Array = new Uint8Array(0);

  write(piece: Uint8Array): void {
    const bytes = this.#open.length === 0 ? piece : joined(this.#open, piece);
    const from = this.#to;
    this.#reserve(bytes.length);
    if (bytes.length <= LINE_BYTES) this.#put(bytes, 0, bytes.length);
    else this.#cut(bytes);
    const lastEnd = this.#out.lastIndexOf(LF, this.#to - 1);
    const open = lastEnd < from ? from : lastEnd + 1;
    this.#open = this.#out.slice(open, this.#to);
    this.#to = open;
  }

  end(): Uint8Array<ArrayBuffer> {
    this.#put(this.#open, 0, this.#open.length);
    return this.#out.subarray(0, this.#to);
  }

  #cut(bytes: Uint8Array): void {
    let lineEnd = endOfLine(bytes, 0);
    for (let at = 0; at < bytes.length; ) {
      if (lineEnd <= at) lineEnd = endOfLine(bytes, at);
      if (lineEnd <= at + LINE_BYTES) {
        this.#put(bytes, at, lineEnd);
        at = lineEnd;
        continue;
      }
      const end = softEnd(bytes, at);
      this.#put(bytes, at, end);
      at = end;
      if (at === bytes.length) continue;
      this.#out[this.#to++] = EQUALS;
      this.#out[this.#to++] = CR;
      this.#out[this.#to++] = LF;
    }
  }

  #put(bytes: Uint8Array, from: number, to: number): void {
    // A view of a line's length costs more than copying the line.
    for (let at = from; at < to; at += 1) this.#out[this.#to++] = bytes[at] ?? 0;
  }

  /** Room for these bytes with a soft line break behind every line. No line is cut shorter than half of what it may hold. */
  #reserve(bytes: number): void {
    const needed = this.#to + bytes + 3 * Math.ceil(bytes / (LINE_BYTES / 2)) + 2 * LINE_BYTES;
    if (needed <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#out.length));
    larger.set(this.#out.subarray(0, this.#to));
    this.#out = larger;
  }
}

/** Offset behind the next CRLF; without one, infinitely far. */
function endOfLine(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(CR, from); at >= 0; at = bytes.indexOf(CR, at + 1))
    if (bytes[at + 1] === LF) return at + 2;
  return Number.POSITIVE_INFINITY;
}

/**
 * Where a line that begins here is cut: behind the last word that ends near, so that the source stays legible; else before
 * a character that would be cut in two, its escaped bytes counted together.
 */
function softEnd(bytes: Uint8Array, start: number): number {
  const full = Math.min(start + LINE_BYTES, bytes.length);
  const word = lastWordEnd(bytes, start, full);
  const end = word > 0 ? word : wholeCharacters(bytes, start, full);
  if (end === bytes.length || end - start < LINE_BYTES) return end;
  return isEscape(bytes, end) ? end - 3 : end - 1;
}

function lastWordEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= LINE_BYTES - MARGIN) return 0;
  for (let at = end; at > end - MARGIN; at -= 1) if (WORD_ENDS[bytes[at - 1] ?? 0] === 1) return at;
  return 0;
}

function wholeCharacters(bytes: Uint8Array, start: number, full: number): number {
  let end = full;
  if (bytes[end - 1] === EQUALS) end -= 1;
  else if (bytes[end - 2] === EQUALS) end -= 2;
  while (end - start > 3 && end < bytes.length && isEscape(bytes, end)) {
    const byte = hexValue(bytes[end - 2] ?? 0) * 16 + hexValue(bytes[end - 1] ?? 0);
    if (byte < 0x80) break;
    end -= 3;
    if (byte >= 0xc0) break;
  }
  return end;
}

function isEscape(bytes: Uint8Array, end: number): boolean {
  return bytes[end - 3] === EQUALS;
}

/** Of a hexadecimal digit in upper case. */
function hexValue(digit: number): number {
  return digit <= 0x39 ? digit - 0x30 : digit - 0x37;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function ascii(byte: number): string {
  return String.fromCharCode(byte);
}
