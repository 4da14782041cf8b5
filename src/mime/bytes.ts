/** Few enough arguments for any stack. */
const PIECE = 8_192;

/** One character for each byte, U+0000 to U+00FF: bytes that regular expressions and maps can take. */
export function binaryText(bytes: Uint8Array): string {
  if (bytes.length <= PIECE) return String.fromCharCode(...bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}

/** The bytes behind such a text. */
export function bytesOfBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function concatenated(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>;
export function concatenated(pieces: readonly Uint8Array[]): Uint8Array;
export function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
