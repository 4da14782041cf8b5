/** A multiple of three, so that the pieces of the text follow one another without padding in between. */
const PIECE_BYTES = 24 * 1024;

/** The text of a file in base64 (RFC 4648 §4). */
export function base64Text(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES))));
  }
  return pieces.join('');
}
