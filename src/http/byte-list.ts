const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;
const MAX_BYTE = 255;

/**
 * Bytes that an SDK wrote as JSON (contract, section 5.2): `[104,105]`, `{"type":"Buffer","data":[104,105]}` or
 * `{"0":104,"1":105}` with indexes gapless from 0. Read from the text of the value, because a JavaScript list of millions of
 * numbers is many times their size. Null for anything else, whether it is JSON or not.
 */
export function readByteList(text: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const scan = new Scanner(text);
  const bytes = scan.next() === OPEN_LIST ? readList(scan) : readMap(scan);
  return bytes !== null && scan.isAtEnd() ? bytes : null;
}

function readList(scan: Scanner): Uint8Array<ArrayBuffer> | null {
  if (!scan.take(OPEN_LIST)) return null;
  const bytes = new Collected(scan.length / 2);
  if (scan.take(CLOSE_LIST)) return bytes.all();
  do {
    if (!bytes.push(scan.number())) return null;
  } while (scan.take(COMMA));
  return scan.take(CLOSE_LIST) ? bytes.all() : null;
}

/** The one form or the other: the first key tells. */
function readMap(scan: Scanner): Uint8Array<ArrayBuffer> | null {
  if (!scan.take(OPEN_MAP)) return null;
  const bytes = new Collected(scan.length / '"0":0,'.length);
  let buffer: Uint8Array<ArrayBuffer> | null = null;
  let isBuffer = false;
  let index = 0;
  do {
    const key = scan.key();
    if (key === null || !scan.take(COLON)) return null;
    if (key === 'type' && !isBuffer && scan.word('"Buffer"')) isBuffer = true;
    else if (key === 'data' && buffer === null) buffer = readList(scan);
    else if (key === String(index) && bytes.push(scan.number())) index += 1;
    else return null;
  } while (scan.take(COMMA));
  if (!scan.take(CLOSE_MAP)) return null;
  if (index > 0) return isBuffer || buffer !== null ? null : bytes.all();
  return isBuffer ? buffer : null;
}

class Collected {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param most so many at most, whatever comes */
  constructor(most: number) {
    this.#bytes = new Uint8Array(Math.ceil(most));
  }

  push(value: number): boolean {
    if (value < 0) return false;
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return true;
  }

  /** A copy: what was set aside for the longest case is let go. */
  all(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Goes through the text of one JSON value, over blanks (RFC 8259 §2). */
class Scanner {
  readonly #text: Uint8Array;
  #at = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  get length(): number {
    return this.#text.length;
  }

  next(): number {
    while (isBlank(this.#text[this.#at])) this.#at += 1;
    return this.#text[this.#at] ?? 0;
  }

  isAtEnd(): boolean {
    this.next();
    return this.#at === this.#text.length;
  }

  take(byte: number): boolean {
    if (this.next() !== byte) return false;
    this.#at += 1;
    return true;
  }

  word(expected: string): boolean {
    this.next();
    for (let place = 0; place < expected.length; place += 1) {
      if (this.#text[this.#at + place] !== expected.charCodeAt(place)) return false;
    }
    this.#at += expected.length;
    return true;
  }

  /** An integer from 0 to 255 as JSON writes it; -1 for anything else. */
  number(): number {
    let value = this.next() - ZERO;
    if (value < 0 || value > 9) return -1;
    this.#at += 1;
    const isZero = value === 0;
    for (;;) {
      const byte = this.#text[this.#at] ?? 0;
      if (byte < ZERO || byte > NINE) return value;
      value = value * 10 + byte - ZERO;
      if (isZero || value > MAX_BYTE) return -1;
      this.#at += 1;
    }
  }

  /** A short key without escapes; null for anything else. */
  key(): string | null {
    if (!this.take(QUOTE)) return null;
    const end = this.#text.indexOf(QUOTE, this.#at);
    if (end === -1 || end - this.#at > 10) return null;
    const key = String.fromCharCode(...this.#text.subarray(this.#at, end));
    this.#at = end + 1;
    return key;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
