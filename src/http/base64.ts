const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

// What a byte is in base64: a value below 64, or one of these.
const NONE = 255;
const BREAK = 254;
const PADDING = 253;
const ESCAPE = 252;
const NO_VALUE = 64;

const CR = 0x0d;
const LF = 0x0a;
const PAD = 0x3d;
const BACKSLASH = 0x5c;

const KINDS: Uint8Array = (() => {
  const kinds = new Uint8Array(256).fill(NONE);
  for (let value = 0; value < ALPHABET.length; value += 1) kinds[ALPHABET.charCodeAt(value)] = value;
  kinds[CR] = BREAK;
  kinds[LF] = BREAK;
  kinds[PAD] = PADDING;
  return kinds;
})();

/** In the text of a JSON string. Encoders write line breaks, slashes and more with a backslash. */
const KINDS_IN_JSON: Uint8Array = (() => {
  const kinds = Uint8Array.from(KINDS);
  // A line break as it is ends no JSON string well: whoever parses the text says so.
  kinds[CR] = NONE;
  kinds[LF] = NONE;
  kinds[BACKSLASH] = ESCAPE;
  return kinds;
})();

/**
 * Strict base64 (RFC 4648 §4): padded, standard alphabet, line breaks allowed; null for anything else. A lenient decoder
 * reads `YQ==YQ==` as one letter and skips what it does not know, and then two readers disagree on what was sent.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new TextEncoder().encode(text);
  const length = decode(bytes, KINDS, bytes);
  return length === null ? null : bytes.subarray(0, length);
}

/**
 * The same from the inside of a JSON string as it stands in its text, without a JavaScript string in between: of a file of
 * 25 MiB that would be another 33. What is base64 overwrites its own text, of which it is three quarters at most, so that there is
 * no second buffer either. Null leaves the text as it was.
 */
export function decodeBase64InJson(inside: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const length = decode(inside, KINDS_IN_JSON, null);
  if (length === null) return null;
  decode(inside, KINDS_IN_JSON, inside);
  return inside.subarray(0, length);
}

/**
 * The number of bytes that a text stands for, or null when it is no base64.
 *
 * @param into where they are written, if anywhere; it may be the text itself, since no byte is written before the characters that
 *   it comes from have been read.
 */
function decode(text: Uint8Array, kinds: Uint8Array, into: Uint8Array | null): number | null {
  let length = 0;
  let group = 0;
  let filled = 0;
  let padding = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (filled === 0 && padding === 0) {
      const groups = decodeGroups({ text, kinds, into, at, length });
      at += groups * 4;
      length += groups * 3;
      if (at >= text.length) break;
    }
    let kind = kinds[text[at] ?? 0] ?? NONE;
    if (kind === ESCAPE) {
      const escaped = readEscape(text, at);
      kind = escaped.kind;
      at += escaped.length - 1;
    }
    if (kind < NO_VALUE) {
      if (padding > 0) return null;
      group = (group << 6) | kind;
      filled += 1;
      if (filled < 4) continue;
      if (into !== null) write(into, length, group);
      length += 3;
      group = 0;
      filled = 0;
    } else if (kind === PADDING) padding += 1;
    else if (kind !== BREAK) return null;
  }
  if (filled === 1 || padding !== (4 - filled) % 4) return null;
  if (filled === 0) return length;
  // Bits behind the last byte must be zero, or several texts would mean the same.
  const rest = group << (6 * (4 - filled));
  if ((rest & (filled === 2 ? 0xffff : 0xff)) !== 0) return null;
  if (into !== null) {
    into[length] = rest >> 16;
    if (filled === 3) into[length + 1] = (rest >> 8) & 0xff;
  }
  return length + filled - 1;
}

/** How many groups of four plain characters come next. Nearly all of a text is made of these, and they are the fast way. */
function decodeGroups(from: {
  readonly text: Uint8Array;
  readonly kinds: Uint8Array;
  readonly into: Uint8Array | null;
  readonly at: number;
  readonly length: number;
}): number {
  const { text, kinds, into } = from;
  const end = text.length - 3;
  let { at, length } = from;
  while (at < end) {
    const first = kinds[text[at] ?? 0] ?? NONE;
    const second = kinds[text[at + 1] ?? 0] ?? NONE;
    const third = kinds[text[at + 2] ?? 0] ?? NONE;
    const fourth = kinds[text[at + 3] ?? 0] ?? NONE;
    if ((first | second | third | fourth) >= NO_VALUE) break;
    if (into !== null) write(into, length, (first << 18) | (second << 12) | (third << 6) | fourth);
    at += 4;
    length += 3;
  }
  return (at - from.at) / 4;
}

function write(into: Uint8Array, at: number, group: number): void {
  into[at] = group >> 16;
  into[at + 1] = (group >> 8) & 0xff;
  into[at + 2] = group & 0xff;
}

/** What stands behind a backslash, and how far it goes. */
function readEscape(text: Uint8Array, at: number): { readonly kind: number; readonly length: number } {
  switch (String.fromCharCode(text[at + 1] ?? 0)) {
    case 'n':
    case 'r':
      return { kind: BREAK, length: 2 };
    case '/':
      return { kind: ALPHABET.indexOf('/'), length: 2 };
    case 'u': {
      const digits = String.fromCharCode(...text.subarray(at + 2, at + 6));
      const unit = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : KINDS.length;
      return { kind: KINDS[unit] ?? NONE, length: 6 };
    }
    default:
      return { kind: NONE, length: 2 };
  }
}
