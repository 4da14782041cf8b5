/**
 * A look at a JSON text before anything recursive or allocating sees it: one linear pass over the bytes that counts and
 * never judges syntax. `JSON.parse` does that afterwards. On text that is no JSON the counts mean nothing, and need not.
 */

/** Against `{"a":{"a":…` a million deep: stacks overflow in whatever walks the value later. */
export const MAX_DEPTH = 32;
/** Against half a million keys: each costs a hash table entry many times its size on the wire. */
export const MAX_KEYS = 10_000;
/** Against `[0,0,0,…`: twenty million of them fit into a body of 45 MiB. A full batch stays below this. */
export const MAX_ELEMENTS = 100_000;

/** A value in the text, from its first byte to the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type GuardFinding =
  | {
      readonly kind: 'passed';
      readonly loneSurrogate: boolean;
      /** The strings, lists and objects that are the `content` of an attachment, in their order. */
      readonly contents: readonly Span[];
    }
  | { readonly kind: 'too_deep' }
  | { readonly kind: 'too_many_keys' }
  | { readonly kind: 'too_many_elements' }
  | { readonly kind: 'number_too_large' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** A double has at most 309 digits before the point: only longer or exponential numbers can overflow. */
const SAFE_DIGITS = 308;
/** Against a number of 45 million digits, which takes seconds to read. No double needs a tenth of this (RFC 8259 §6). */
const MAX_NUMBER_CHARACTERS = 4096;

/** What the last key before a container was. Only the way to attachment content matters. */
type KeyKind = 'attachments' | 'content' | 'other';

interface Frame {
  readonly array: boolean;
  /** The key this container is the value of; `other` inside arrays. */
  readonly under: KeyKind;
  /** The key whose value is being read now. */
  key: KeyKind;
}

/**
 * Counts depth, keys, elements; finds numbers that overflow and lone surrogates written as escapes.
 *
 * @param cutsContents whether the caller cuts the contents of attachments out before anything parses the text. Only then are
 *   they not counted: millions of empty objects in one are a gigabyte like anywhere else.
 */
export function guardJson(bytes: Uint8Array, cutsContents: boolean): GuardFinding {
  const strings = new StringSkipper(bytes);
  const frames: Frame[] = [];
  let keys = 0;
  let elements = 0;
  // Depth of the container that is some attachment's `content`: bytes as `[104,105]` or `{"0":104}` are data there.
  let contentDepth = 0;
  let contentStart = 0;
  const contents: Span[] = [];
  let lastString: readonly [start: number, end: number] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = strings.skip(at + 1);
      lastString = [at + 1, end];
      if (cutsContents && contentDepth === 0 && isContent(frames)) contents.push({ start: at, end: end + 1 });
      at = end;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (frames.length === MAX_DEPTH) return { kind: 'too_deep' };
      if (cutsContents && contentDepth === 0 && isContent(frames)) {
        contentDepth = frames.length + 1;
        contentStart = at;
      }
      frames.push({ array: byte === OPEN_ARRAY, under: frames.at(-1)?.key ?? 'other', key: 'other' });
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (frames.length === contentDepth) {
        contentDepth = 0;
        contents.push({ start: contentStart, end: at + 1 });
      }
      frames.pop();
    } else if (byte === COLON) {
      const frame = frames.at(-1);
      if (frame !== undefined) frame.key = keyKind(bytes, lastString);
      if (contentDepth === 0 || !isIndex(bytes, lastString)) keys += 1;
      if (keys > MAX_KEYS) return { kind: 'too_many_keys' };
    } else if (byte === COMMA) {
      const frame = frames.at(-1);
      if (frame !== undefined) frame.key = 'other';
      if (contentDepth === 0 && frame?.array === true) elements += 1;
      if (elements > MAX_ELEMENTS) return { kind: 'too_many_elements' };
    } else if (isDigit(byte)) {
      const end = numberEnd(bytes, at);
      if (overflows(bytes, at, end)) return { kind: 'number_too_large' };
      at = end - 1;
    }
  }
  return { kind: 'passed', loneSurrogate: strings.loneSurrogate, contents };
}

/** Whether what comes next is the `content` of an attachment: of the mail that the text is, or of one in the list that it is. */
function isContent(frames: readonly Frame[]): boolean {
  const [list, attachment] = frames.slice(-2);
  return (
    frames.length === (frames[0]?.array === true ? 4 : 3) &&
    attachment?.key === 'content' &&
    list?.array === true &&
    list.under === 'attachments'
  );
}

function keyKind(bytes: Uint8Array, [start, end]: readonly [number, number]): KeyKind {
  if (equals(bytes, start, end, 'attachments')) return 'attachments';
  if (equals(bytes, start, end, 'content')) return 'content';
  return 'other';
}

function equals(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) if (bytes[start + at] !== word.charCodeAt(at)) return false;
  return true;
}

function isIndex(bytes: Uint8Array, [start, end]: readonly [number, number]): boolean {
  for (let at = start; at < end; at += 1) if (!isDigit(bytes[at])) return false;
  return end > start;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Past the last byte of the number that starts at `at` (digits, point, exponent, signs). */
function numberEnd(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  for (; end < bytes.length; end += 1) {
    const byte = bytes[end] ?? 0;
    const part =
      isDigit(byte) || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === 0x2d;
    if (!part) return end;
  }
  return end;
}

/** Whether a number becomes infinite: `1e400` would silently be another value than the one that was sent. */
function overflows(bytes: Uint8Array, start: number, end: number): boolean {
  let exponent = false;
  for (let at = start; at < end; at += 1) exponent ||= bytes[at] === 0x65 || bytes[at] === 0x45;
  if (!exponent && end - start <= SAFE_DIGITS) return false;
  if (end - start > MAX_NUMBER_CHARACTERS) return true;
  let text = '';
  for (let at = start; at < end; at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  const value = Number(text);
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}

/** Finds ends of strings. Remembers how far it has looked, so that a flood of escapes stays linear. */
class StringSkipper {
  loneSurrogate = false;
  readonly #bytes: Uint8Array;
  #quote = -1;
  #backslash = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Where the string that starts at `from` ends: the place of its closing quote, or the end of the text. */
  skip(from: number): number {
    let at = from;
    for (;;) {
      if (this.#quote < at) this.#quote = this.#find(QUOTE, at);
      if (this.#backslash < at) this.#backslash = this.#find(BACKSLASH, at);
      if (this.#quote < this.#backslash || this.#backslash === this.#bytes.length) return this.#quote;
      at = this.#escape(this.#backslash);
    }
  }

  #find(byte: number, from: number): number {
    // Line ends are two escapes in a row.
    if (this.#bytes[from] === byte) return from;
    const found = this.#bytes.indexOf(byte, from);
    return found === -1 ? this.#bytes.length : found;
  }

  /** Steps over one escape, or over both of a surrogate pair. */
  #escape(at: number): number {
    const unit = this.#codeUnit(at);
    if (unit === null || unit < 0xd800 || unit > 0xdfff) return at + 2;
    const next = unit <= 0xdbff ? this.#codeUnit(at + 6) : null;
    if (next !== null && next >= 0xdc00 && next <= 0xdfff) return at + 12;
    this.loneSurrogate = true;
    return at + 2;
  }

  /** The value of `\uXXXX` at this place, or null when there is none. */
  #codeUnit(at: number): number | null {
    if (this.#bytes[at] !== BACKSLASH || this.#bytes[at + 1] !== 0x75) return null;
    let unit = 0;
    for (let place = at + 2; place < at + 6; place += 1) {
      const digit = hexDigit(this.#bytes[place] ?? 0);
      if (digit === -1) return null;
      unit = unit * 16 + digit;
    }
    return unit;
  }
}

/** The value of one; -1 for anything else. By hand: a body of 45 MiB holds millions of escapes. */
function hexDigit(byte: number): number {
  if (isDigit(byte)) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
