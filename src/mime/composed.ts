import type { Sealed } from './message.ts';

/** Handed on in pieces, so that a reader with back-pressure never holds more than one. */
const PIECE_BYTES = 64 * 1024;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex SHA-256. A host that can give it at once saves a message a turn through the runtime's threads. */
export type DigestBytes = (bytes: Uint8Array<ArrayBuffer>) => string | Promise<string>;

/** What the bytes need that RFC 5321 alone does not give: SMTPUTF8 for 8-bit header fields, 8BITMIME for an 8-bit body. */
interface Transport {
  readonly needsSmtpUtf8: boolean;
  readonly needs8BitMime: boolean;
}

/** Seals bytes that are ready to be sent: their size, digest, and what they ask of a relay (looked up where not said). */
export async function sealBytes(call: {
  readonly version: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly needs?: Transport;
  readonly digest?: DigestBytes;
}): Promise<Sealed> {
  const { version, bytes, needs = transportOf(bytes), digest = digestOf } = call;
  return { version, size: bytes.length, sha256: await digest(bytes), ...needs, open: () => pieces(bytes) };
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  let hex = '';
  for (const byte of new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) hex += HEX[byte];
  return hex;
}

function transportOf(bytes: Uint8Array): Transport {
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

/** By hand: a generator that waits for nothing takes several turns of the promise queue for the one piece of a small mail. */
function pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      let at = 0;
      return {
        next() {
          if (at >= bytes.length) return Promise.resolve({ done: true, value: undefined });
          const value = bytes.subarray(at, at + PIECE_BYTES);
          at += PIECE_BYTES;
          return Promise.resolve({ done: false, value });
        },
      };
    },
  };
}
