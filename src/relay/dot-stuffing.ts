const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

/** A message on its way through DATA (RFC 5321 §4.5.2), in pieces. */
export interface DotStuffing {
  /** The piece with a dot before every line that begins with one, and with no line end but CRLF. */
  stuffed(piece: Uint8Array): Uint8Array;
  /** The end of the last line where it is open, and the dot that ends the message. */
  end(): Uint8Array<ArrayBuffer>;
}

/**
 * A CR or an LF alone becomes CRLF: there are servers to which either ends a line, and then a dot behind it would end the
 * message, and what follows would be a message of somebody else's making (SMTP smuggling). What is well formed stays as it is.
 */
export function createDotStuffing(): DotStuffing {
  let last = LF;

  function insertion(previous: number, byte: number): string {
    if (previous === CR && byte !== LF) return byte === DOT ? '\n.' : '\n';
    if (byte === LF && previous !== CR) return '\r';
    return byte === DOT && previous === LF ? '.' : '';
  }

  return {
    stuffed(piece) {
      if (needsNothing(piece, last)) {
        last = piece.at(-1) ?? last;
        return piece;
      }
      const parts: Uint8Array[] = [];
      let from = 0;
      let previous = last;
      for (let at = 0; at < piece.length; at += 1) {
        const byte = piece[at] ?? 0;
        // Nearly all bytes: neither about a line end nor at the start of a line.
        if (byte !== LF && byte !== DOT && previous !== CR) {
          previous = byte;
          continue;
        }
        const inserted = insertion(previous, byte);
        previous = byte;
        if (inserted === '') continue;
        parts.push(piece.subarray(from, at), bytesOf(inserted));
        from = at;
      }
      last = previous;
      return parts.length === 0 ? piece : joined([...parts, piece.subarray(from)]);
    },
    end() {
      if (last === LF) return bytesOf('.\r\n');
      return bytesOf(last === CR ? '\n.\r\n' : '\r\n.\r\n');
    },
  };
}

/** Nearly every piece: CRLF and no other line end, and no line that begins with a dot. Where it is cut, the long way says. */
function needsNothing(piece: Uint8Array, before: number): boolean {
  if (before === CR || (before === LF && piece[0] === DOT)) return false;
  for (let at = 0; at < piece.length; at += 1) {
    const byte = piece[at] ?? 0;
    if (byte > DOT) continue;
    if (byte === CR && piece[at + 1] !== LF) return false;
    if (byte === LF && (piece[at - 1] !== CR || piece[at + 1] === DOT)) return false;
  }
  return true;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
