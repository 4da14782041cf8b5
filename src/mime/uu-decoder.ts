import { concatenated } from './bytes.ts';

const LF = 0x0a;
const CR = 0x0d;
/** `begin`, a mode and a name; a line of data has 61 characters. What is longer is no line of uuencode. */
const MAX_LINE_BYTES = 1_024;
const BEGIN = /^begin(?:-base64)? +[0-7]{3,4} /;

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
      if (BEGIN.test(text)) this.#state = 'data';
      return new Uint8Array(0);
    }
    if (text === 'end') this.#state = 'behind';
    return this.#state === 'data' ? decodedLine(line) : new Uint8Array(0);
  }
}

/** The first character says how many bytes there are; four characters are three of them. Missing ones are spaces that were cut off. */
function decodedLine(line: Uint8Array): Uint8Array {
  const size = valueOf(line[0]);
  const groups = Math.ceil(size / 3);
  const out = new Uint8Array(groups * 3);
  for (let group = 0; group < groups; group += 1) {
    let bits = 0;
    for (let place = 0; place < 4; place += 1) bits = (bits << 6) | valueOf(line[1 + group * 4 + place]);
    out[group * 3] = bits >> 16;
    out[group * 3 + 1] = bits >> 8;
    out[group * 3 + 2] = bits;
  }
  return out.subarray(0, size);
}

function valueOf(character: number | undefined): number {
  return ((character ?? 0x20) - 0x20) & 0x3f;
}
