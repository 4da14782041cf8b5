const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NONE = 255;
const CR = 0x0d;
const LF = 0x0a;
const PAD = 0x3d;

const VALUES: Uint8Array = (() => {
  const values = new Uint8Array(256).fill(NONE);
  for (let value = 0; value < ALPHABET.length; value += 1) values[ALPHABET.charCodeAt(value)] = value;
  return values;
})();

/**
 * Strict base64 (RFC 4648 §4): padded, standard alphabet, line breaks allowed; null for anything else. A lenient decoder
 * reads `YQ==YQ==` as one letter and skips what it does not know, and then two readers disagree on what was sent.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
  let length = 0;
  let group = 0;
  let filled = 0;
  let padding = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === CR || unit === LF) continue;
    if (unit === PAD) {
      padding += 1;
      continue;
    }
    const value = unit < VALUES.length ? VALUES[unit] : NONE;
    if (value === undefined || value === NONE || padding > 0) return null;
    group = (group << 6) | value;
    filled += 1;
    if (filled < 4) continue;
    bytes[length] = group >> 16;
    bytes[length + 1] = (group >> 8) & 0xff;
    bytes[length + 2] = group & 0xff;
    length += 3;
    group = 0;
    filled = 0;
  }
  if (filled === 1 || padding !== (4 - filled) % 4) return null;
  if (filled === 0) return bytes.subarray(0, length);
  // Bits behind the last byte must be zero, or several texts would mean the same.
  const rest = group << (6 * (4 - filled));
  if ((rest & (filled === 2 ? 0xffff : 0xff)) !== 0) return null;
  bytes[length] = rest >> 16;
  if (filled === 3) bytes[length + 1] = (rest >> 8) & 0xff;
  return bytes.subarray(0, length + filled - 1);
}
