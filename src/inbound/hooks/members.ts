import type { FieldEvents, FieldReader } from './read-fields.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_ARRAY = 0x5d;
/** RFC 8259 §7, but `\u`. */
const SHORT_ESCAPES: Readonly<Record<number, number>> = {
  34: 0x22,
  92: 0x5c,
  47: 0x2f,
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
};
/** Longer than any that is wanted: what is longer is cut. */
const MAX_NAME_BYTES = 1_024;
const MAX_DEPTH = 64;
/** What an unpaired surrogate is in UTF-8: there is no such character. */
const REPLACEMENT = 0xfffd;

/**
 * Tells the members of one JSON object that are strings, decoded to UTF-8 as they come; all others pass by. Parsing the whole
 * would hold a mail four times: as bytes, as text, as a value, and as bytes again, with its files in base64 beside it.
 *
 * Structure is followed, syntax is not judged: what is told of a malformed text is what its strings say.
 */
export class MemberReader implements FieldReader {
  readonly #events: FieldEvents;
  /** Containers that are open; the outermost is 1. */
  #depth = 0;
  #place: 'outside' | 'before name' | 'behind name' | 'before value' | 'behind value' = 'outside';
  #string: 'none' | 'name' | 'value' | 'skipped' = 'none';
  #name = '';
  /** Of an escape that is not complete: what stands behind the backslash. Null outside of escapes. */
  #escape: string | null = null;
  /** The first half of a surrogate pair. */
  #high = 0;
  #out = new Uint8Array(0);
  #filled = 0;
  #isMalformed = false;

  constructor(events: FieldEvents) {
    this.#events = events;
  }

  push(piece: Uint8Array): boolean {
    // An escape is never shorter than its character; one begun in the piece before can add four bytes.
    this.#out = new Uint8Array(piece.length + 8);
    this.#filled = 0;
    for (let at = 0; at < piece.length; ) {
      const run = this.#plainRun(piece, at);
      if (run.length > 0) this.#writeAll(run);
      else this.#step(piece[at] ?? 0);
      if (this.#isMalformed) return false;
      at += Math.max(1, run.length);
    }
    this.#flush();
    return true;
  }

  #step(byte: number): void {
    if (this.#string === 'none') this.#structure(byte);
    else this.#inString(byte);
  }

  /** What is the same in the text as in the string: most of a file in base64, most of a line of a mail. */
  #plainRun(piece: Uint8Array, start: number): Uint8Array {
    let end = start;
    if (this.#string !== 'none' && this.#escape === null && this.#high === 0)
      while (end < piece.length && piece[end] !== QUOTE && piece[end] !== BACKSLASH) end += 1;
    return piece.subarray(start, end);
  }

  end(): boolean {
    return this.#depth === 0 && this.#place === 'behind value';
  }

  #structure(byte: number): void {
    if (isBlank(byte)) return;
    if (byte === QUOTE) this.#openString();
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#close();
    else if (this.#depth === 1 && byte === COLON) this.#place = 'before value';
    else if (this.#depth === 1 && byte === COMMA) this.#place = 'before name';
    else if (this.#depth === 0) this.#isMalformed = true;
  }

  #open(byte: number): void {
    if (this.#depth === 0 && (this.#place !== 'outside' || byte !== OPEN_OBJECT)) this.#isMalformed = true;
    if (this.#depth === 0) this.#place = 'before name';
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#isMalformed = true;
  }

  #close(): void {
    this.#depth -= 1;
    if (this.#depth < 0) this.#isMalformed = true;
    else if (this.#depth <= 1) this.#place = 'behind value';
  }

  #openString(): void {
    if (this.#depth === 0) this.#isMalformed = true;
    else if (this.#depth > 1) this.#string = 'skipped';
    else if (this.#place === 'before name') {
      this.#string = 'name';
      this.#name = '';
    } else if (this.#place === 'before value') {
      this.#string = 'value';
      this.#events.begin(this.#name);
    } else this.#isMalformed = true;
  }

  #inString(byte: number): void {
    if (this.#escape !== null) this.#continueEscape(this.#escape, byte);
    else if (byte === BACKSLASH) this.#escape = '';
    else if (byte === QUOTE) this.#closeString();
    else {
      this.#endPair();
      this.#write(byte);
    }
  }

  #closeString(): void {
    this.#endPair();
    this.#flush();
    if (this.#string === 'value') this.#events.end();
    if (this.#string !== 'skipped') this.#place = this.#string === 'name' ? 'behind name' : 'behind value';
    this.#string = 'none';
  }

  #continueEscape(begun: string, byte: number): void {
    const short = begun === '' ? SHORT_ESCAPES[byte] : undefined;
    if (short !== undefined) {
      this.#escape = null;
      this.#endPair();
      this.#write(short);
      return;
    }
    const so = begun + String.fromCharCode(byte);
    if (!/^u[0-9a-fA-F]{0,4}$/.test(so)) this.#isMalformed = true;
    this.#escape = so.length === 5 ? null : so;
    if (so.length === 5) this.#unit(Number.parseInt(so.slice(1), 16));
  }

  /** One UTF-16 code unit: a character, or half of one. */
  #unit(unit: number): void {
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow && this.#high !== 0) {
      const character = ((this.#high - 0xd800) << 10) + (unit - 0xdc00) + 0x10000;
      this.#high = 0;
      this.#character(character);
      return;
    }
    this.#endPair();
    if (unit >= 0xd800 && unit <= 0xdbff) this.#high = unit;
    else this.#character(isLow ? REPLACEMENT : unit);
  }

  #endPair(): void {
    if (this.#high === 0) return;
    this.#high = 0;
    this.#character(REPLACEMENT);
  }

  #character(code: number): void {
    for (const byte of new TextEncoder().encode(String.fromCodePoint(code))) this.#write(byte);
  }

  #write(byte: number): void {
    if (this.#string === 'skipped') return;
    this.#out[this.#filled] = byte;
    this.#filled += 1;
  }

  #writeAll(bytes: Uint8Array): void {
    if (this.#string === 'skipped') return;
    this.#out.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #flush(): void {
    const bytes = this.#out.subarray(0, this.#filled);
    this.#filled = 0;
    if (bytes.length === 0) return;
    if (this.#string === 'value') this.#events.data(bytes);
    else if (this.#string === 'name')
      this.#name += String.fromCharCode(...bytes.subarray(0, MAX_NAME_BYTES - this.#name.length));
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
