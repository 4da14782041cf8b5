import { concatenated } from '../mime/bytes.ts';
import { MAX_HEADER_BYTES } from '../mime/parse-limits.ts';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;

/** Keeps the header of a mail that passes, its empty line included, or as many whole fields as fit into so many bytes. */
export class HeaderTaker {
  readonly #most: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #isLineEmpty = true;
  #isOver = false;

  constructor(most = MAX_HEADER_BYTES) {
    this.#most = most;
  }

  take(piece: Uint8Array): void {
    if (this.#isOver) return;
    // One byte more than fits: it tells whether the last line goes on.
    const end = Math.min(this.#endIn(piece), this.#most + 1 - this.#size);
    // A copy: whoever gave the piece may use its memory again.
    this.#pieces.push(piece.slice(0, end));
    this.#size += end;
    this.#isOver ||= this.isCut;
  }

  /** What comes now is not kept any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The header is longer than what is kept of it. */
  get isCut(): boolean {
    return this.#size > this.#most;
  }

  /** No field in part: half an address is somebody else's. */
  bytes(): Uint8Array {
    const bytes = concatenated(this.#pieces);
    return this.isCut ? bytes.subarray(0, endOfFields(bytes)) : bytes;
  }

  #endIn(piece: Uint8Array): number {
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at];
      if (byte === LF && this.#isLineEmpty) {
        this.#isOver = true;
        return at + 1;
      }
      if (byte !== CR) this.#isLineEmpty = byte === LF;
    }
    return piece.length;
  }
}

/** Behind the last line end that no continuation follows (RFC 5322 §2.2.3). */
function endOfFields(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at -= 1) {
    if (bytes[at - 1] === LF && bytes[at] !== SPACE && bytes[at] !== TAB) return at;
  }
  return 0;
}
