const CR = 0x0d;
const LF = 0x0a;

/** What a relay must announce before it may get these bytes. */
export interface TransportNeeds {
  /** A header field holds UTF-8 (RFC 6532): SMTPUTF8. */
  readonly needsSmtpUtf8: boolean;
  /** The body holds bytes over 0x7F: 8BITMIME (RFC 6152). */
  readonly needs8BitMime: boolean;
}

/** Reads a whole message with CRLF line ends, keeps nothing of it, and says what it asks of a relay. */
export async function scanRaw(message: AsyncIterable<Uint8Array>): Promise<TransportNeeds> {
  let needsSmtpUtf8 = false;
  let needs8BitMime = false;
  // How many bytes of the CRLFCRLF that ends the header have been seen; 4 means that this is the body.
  let ended = 0;
  for await (const piece of message) {
    let at = 0;
    for (; at < piece.length && ended < 4; at++) {
      const byte = piece[at] ?? 0;
      needsSmtpUtf8 ||= byte > 0x7f;
      ended = nextOfEnd(ended, byte);
    }
    needs8BitMime ||= piece.subarray(at).some((byte) => byte > 0x7f);
  }
  return { needsSmtpUtf8, needs8BitMime };
}

function nextOfEnd(ended: number, byte: number): number {
  const wanted = ended % 2 === 0 ? CR : LF;
  if (byte === wanted) return ended + 1;
  return byte === CR ? 1 : 0;
}
