const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NONE = 255;
const BREAK = 254;
const PADDING = 253;
const ESCAPE = 252;

const CR = 0x0d;
const LF = 0x0a;
const PAD = 0x3d;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;

const KINDS: Uint8Array = (() => {
  const kinds = new Uint8Array(256).fill(NONE);
  for (let value = 0; value < ALPHABET.length; value += 1) kinds[ALPHABET.charCodeAt(value)] = value;
  kinds[CR] = BREAK;
  kinds[LF] = BREAK;
  kinds[PAD] = PADDING;
  return kinds;
})();

/** Kinds of characters in the text of a JSON string. Encoders write line breaks, slashes and more with a backslash. */
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
  const target = new Target(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (!target.take(unit < KINDS.length ? (KINDS[unit] ?? NONE) : NONE)) return null;
  }
  return target.finish();
}

/**
 * The same from the inside of a JSON string as it stands in its text, without a JavaScript string in between: of a file of
 * 25 MiB that would be another 33.
 */
export function decodeBase64InJson(inside: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const target = new Target(inside.length);
  for (let at = 0; at < inside.length; at += 1) {
    let kind = KINDS_IN_JSON[inside[at] ?? 0] ?? NONE;
    if (kind === ESCAPE) {
      const escaped = readEscape(inside, at);
      kind = KINDS[escaped.unit] ?? NONE;
      at += escaped.length - 1;
    }
    if (!target.take(kind)) return null;
  }
  return target.finish();
}

/** `unit` is 256 or more for what is no character of base64. */
function readEscape(inside: Uint8Array, at: number): { readonly unit: number; readonly length: number } {
  switch (String.fromCharCode(inside[at + 1] ?? 0)) {
    case 'n':
      return { unit: LF, length: 2 };
    case 'r':
      return { unit: CR, length: 2 };
    case '/':
      return { unit: SLASH, length: 2 };
    case 'u': {
      const digits = String.fromCharCode(...inside.subarray(at + 2, at + 6));
      return /^[0-9a-fA-F]{4}$/.test(digits)
        ? { unit: Number.parseInt(digits, 16), length: 6 }
        : { unit: KINDS.length, length: 2 };
    }
    default:
      return { unit: KINDS.length, length: 2 };
  }
}

/** Takes one character after the other, and holds what they mean. */
class Target {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #group = 0;
  #filled = 0;
  #padding = 0;

  constructor(characters: number) {
    this.#bytes = new Uint8Array(Math.ceil(characters / 4) * 3);
  }

  /** False: this is no base64. */
  take(kind: number): boolean {
    if (kind === BREAK) return true;
    if (kind === PADDING) {
      this.#padding += 1;
      return true;
    }
    if (kind === NONE || this.#padding > 0) return false;
    this.#group = (this.#group << 6) | kind;
    this.#filled += 1;
    if (this.#filled < 4) return true;
    this.#bytes[this.#length] = this.#group >> 16;
    this.#bytes[this.#length + 1] = (this.#group >> 8) & 0xff;
    this.#bytes[this.#length + 2] = this.#group & 0xff;
    this.#length += 3;
    this.#group = 0;
    this.#filled = 0;
    return true;
  }

  finish(): Uint8Array<ArrayBuffer> | null {
    const filled = this.#filled;
    if (filled === 1 || this.#padding !== (4 - filled) % 4) return null;
    if (filled === 0) return this.#bytes.subarray(0, this.#length);
    // Bits behind the last byte must be zero, or several texts would mean the same.
    const rest = this.#group << (6 * (4 - filled));
    if ((rest & (filled === 2 ? 0xffff : 0xff)) !== 0) return null;
    this.#bytes[this.#length] = rest >> 16;
    if (filled === 3) this.#bytes[this.#length + 1] = (rest >> 8) & 0xff;
    return this.#bytes.subarray(0, this.#length + filled - 1);
  }
}
