import { concatenated } from './bytes.ts';

const LF = 0x0a;
const CR = 0x0d;
/** `begin`, a mode and a name; a line of data has 61 characters. What is longer is no line of uuencode. */
const MAX_LINE_BYTES = 1_024;
/** Mode and name; the name follows. */
export const UU_BEGIN = /^begin [0-7]{3,4} /;

/** The encoding of POSIX uuencode, as mail before MIME used it: lines behind `begin`, up to `end`; all else is skipped. */
export class UuDecoder {
  #line: Uint8Array[] = [];
  #lineBytes = 0;
  #state: 'before' | 'data' | 'behind' = 'before';

  decode(bytes: Uint8Array): Uint8Array {
    const out: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length && this.#state !== 'behind') {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf;
      const room = MAX_LINE_BYTES - this.#lineBytes;
      this.#line.push(bytes.slice(at, Math.min(end, at + room)));
      this.#lineBytes += Math.min(end - at, room);
      if (lf >= 0) out.push(this.#endLine());
      at = end + 1;
    }
    return concatenated(out);
  }

  end(): Uint8Array {
    return this.#endLine();
  }

  #endLine(): Uint8Array {
    const whole = concatenated(this.#line);
    const line = whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
    this.#line = [];
    this.#lineBytes = 0;
    const isText = this.#state === 'before' || line.length === 3;
    const text = isText ? String.fromCharCode(...line) : '';
    if (this.#state === 'before') {
      if (UU_BEGIN.test(text)) this.#state = 'data';
      return new Uint8Array(0);
    }
    if (text === 'end') this.#state = 'behind';
    return this.#state === 'data' ? decodedUuLine(line) : new Uint8Array(0);
  }
}

/** The first character says how many bytes there are; four characters are three of them. Missing ones are spaces that were cut off. */
export function decodedUuLine(line: Uint8Array): Uint8Array {
  const size = sixBits(line[0]);
  const groups = Math.ceil(size / 3);
  const out = new Uint8Array(groups * 3);
  for (let group = 0; group < groups; group += 1) {
    let bits = 0;
    for (let place = 0; place < 4; place += 1) bits = (bits << 6) | sixBits(line[1 + group * 4 + place]);
    out[group * 3] = bits >> 16;
    out[group * 3 + 1] = bits >> 8;
    out[group * 3 + 2] = bits;
  }
  return out.subarray(0, size);
}

/**
 * True for a line of data: a length, and as many characters as it asks for (`whole`), or fewer, where white space at its end
 * was lost (`any`). One or two more are a checksum.
 */
export function isUuLine(line: Uint8Array, form: 'whole' | 'any'): boolean {
  if (line.length === 0 || line.some((byte) => byte < 0x20 || byte > 0x60)) return false;
  const asked = Math.ceil(sixBits(line[0]) / 3) * 4;
  const given = line.length - 1;
  return given <= asked + 2 && (form === 'any' || (asked > 0 && given >= asked));
}

function sixBits(character: number | undefined): number {
  return ((character ?? 0x20) - 0x20) & 0x3f;
}
