import type { Sealed } from './message.ts';

/** Handed on in pieces, so that a reader with back-pressure never holds more than one. */
const PIECE_BYTES = 64 * 1024;

/** Seals bytes that are ready to be sent: their size, digest, and what they ask of a relay. */
export async function sealBytes(call: {
  readonly version: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}): Promise<Sealed> {
  const { version, bytes } = call;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { version, size: bytes.length, sha256, ...transportOf(bytes), open: () => pieces(bytes) };
}

/** What the bytes need that RFC 5321 alone does not give: SMTPUTF8 for 8-bit header fields, 8BITMIME for an 8-bit body. */
function transportOf(bytes: Uint8Array): {
  readonly needsSmtpUtf8: boolean;
  readonly needs8BitMime: boolean;
} {
  const end = endOfHeader(bytes);
  return {
    needsSmtpUtf8: hasEighthBit(bytes.subarray(0, end)),
    needs8BitMime: hasEighthBit(bytes.subarray(end)),
  };
}

/** A loop and not `some`: a call for each of 40 million bytes is a second. */
export function hasEighthBit(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x7f) return true;
  return false;
}

/** Offset just behind the empty line that ends the header section (CRLF line ends), or the length without one. */
export function endOfHeader(bytes: Uint8Array): number {
  if (bytes[0] === 0x0d && bytes[1] === 0x0a) return 2;
  for (let at = bytes.indexOf(0x0d); at >= 0; at = bytes.indexOf(0x0d, at + 1))
    if (bytes[at + 1] === 0x0a && bytes[at + 2] === 0x0d && bytes[at + 3] === 0x0a) return at + 4;
  return bytes.length;
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
