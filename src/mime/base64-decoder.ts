const PADDING = 64;
const JUNK = 65;
const VALUES = new Uint8Array(256).fill(JUNK);
for (const [value, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=',
].entries())
  VALUES[character.charCodeAt(0)] = value;

/**
 * RFC 2045 §6.8, and what is met: characters outside the alphabet are skipped, padding may be missing, and what follows
 * padding is read on, because some writers join pieces that were encoded one by one.
 */
export class Base64Decoder {
  #bits = 0;
  #characters = 0;

  decode(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.floor(((bytes.length + 3) * 3) / 4) + 3);
    let to = 0;
    let bits = this.#bits;
    let characters = this.#characters;
    for (let at = 0; at < bytes.length; at += 1) {
      const value = VALUES[bytes[at] ?? 0] ?? JUNK;
      if (value < PADDING) {
        bits = (bits << 6) | value;
        characters += 1;
        if (characters < 4) continue;
        out[to] = bits >> 16;
        out[to + 1] = bits >> 8;
        out[to + 2] = bits;
        to += 3;
      } else if (value === JUNK) continue;
      else to = writeRest(out, to, bits, characters);
      bits = 0;
      characters = 0;
    }
    this.#bits = bits;
    this.#characters = characters;
    return out.subarray(0, to);
  }

  end(): Uint8Array {
    const out = new Uint8Array(2);
    const size = writeRest(out, 0, this.#bits, this.#characters);
    this.#bits = 0;
    this.#characters = 0;
    return out.subarray(0, size);
  }
}

/** Two characters are one byte, three are two; one alone is nothing. */
function writeRest(out: Uint8Array, start: number, bits: number, characters: number): number {
  if (characters === 2) {
    out[start] = bits >> 4;
    return start + 1;
  }
  if (characters < 3) return start;
  out[start] = bits >> 10;
  out[start + 1] = bits >> 2;
  return start + 2;
}
