import { binaryText } from '../../mime/bytes.ts';
import type { FieldEvents, FieldReader } from './read-fields.ts';

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const PLUS = 0x2b;
const EQUALS = 0x3d;
const SPACE = 0x20;
/** Longer than any that is wanted: what is longer is cut. */
const MAX_NAME_BYTES = 1_024;

/**
 * application/x-www-form-urlencoded (WHATWG URL §5.1), decoded to bytes piece by piece: a mail in it is up to three times its
 * size, and is in no charset.
 */
export class UrlencodedReader implements FieldReader {
  readonly #events: FieldEvents;
  #isInName = true;
  #name = '';
  /** Of an escape that is not complete: itself, and its first digit. */
  #escape: readonly number[] = [];

  constructor(events: FieldEvents) {
    this.#events = events;
  }

  push(piece: Uint8Array): boolean {
    const out = new Uint8Array(piece.length + 2);
    let filled = 0;
    for (const byte of piece) {
      if (this.#escape.length > 0) {
        filled = this.#continueEscape(byte, out, filled);
        if (filled < 0) return false;
      } else if (byte === PERCENT) this.#escape = [byte];
      else if (byte === AMPERSAND || (byte === EQUALS && this.#isInName)) {
        this.#flush(out.subarray(0, filled));
        filled = 0;
        this.#endOf(byte);
      } else {
        out[filled] = byte === PLUS ? SPACE : byte;
        filled += 1;
      }
    }
    this.#flush(out.subarray(0, filled));
    return true;
  }

  end(): boolean {
    if (this.#escape.length > 0) return false;
    this.#endOf(AMPERSAND);
    return true;
  }

  /** Negative for what is no escape: a form that is not well-formed is not a provider's. */
  #continueEscape(byte: number, out: Uint8Array, filled: number): number {
    const digit = hexDigit(byte);
    const [, first] = this.#escape;
    if (digit < 0) return -1;
    if (first === undefined) {
      this.#escape = [PERCENT, digit];
      return filled;
    }
    out[filled] = first * 16 + digit;
    this.#escape = [];
    return filled + 1;
  }

  #flush(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (!this.#isInName) this.#events.data(bytes);
    else this.#name += binaryText(bytes.subarray(0, MAX_NAME_BYTES - this.#name.length));
  }

  #endOf(byte: number): void {
    if (this.#isInName && (this.#name !== '' || byte === EQUALS)) {
      this.#events.begin(this.#name);
      if (byte === AMPERSAND) this.#events.end();
    } else if (!this.#isInName) this.#events.end();
    this.#isInName = byte === AMPERSAND;
    this.#name = '';
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
