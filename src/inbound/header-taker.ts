import { concatenated } from '../mime/bytes.ts';
import { MAX_HEADER_BYTES } from '../mime/parse-limits.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Keeps the header of a mail that passes, its empty line included, up to so many bytes: as far as a header is read. */
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
    const end = Math.min(this.#endIn(piece), this.#most - this.#size);
    // A copy: whoever gave the piece may use its memory again.
    this.#pieces.push(piece.slice(0, end));
    this.#size += end;
    this.#isOver ||= this.#size >= this.#most;
  }

  /** What comes now is no header any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  bytes(): Uint8Array {
    return concatenated(this.#pieces);
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
