import { MAX_LINE_BYTES, MAX_TEXT_BYTES, MAX_TEXT_LINES } from './parse-limits.ts';
import type { BrokenLimit } from './parsed.ts';

const LF = 0x0a;

/** What text may still be kept of a mail. */
export class TextBudget {
  bytes = MAX_TEXT_BYTES;
  lines = MAX_TEXT_LINES;
  readonly broken: (limit: BrokenLimit) => void;

  constructor(broken: (limit: BrokenLimit) => void) {
    this.broken = broken;
  }
}

/** Keeps the bytes of one text part, as far as the limits on text allow. */
export class TextCollector {
  readonly #budget: TextBudget;
  /** Not base64 or quoted-printable: lines are what the sender wrote, and cost him one byte each. */
  readonly #isPlain: boolean;
  #pieces: Uint8Array[] = [];
  #lineBytes = 0;
  #isFull = false;

  constructor(budget: TextBudget, isPlain: boolean) {
    this.#budget = budget;
    this.#isPlain = isPlain;
  }

  push(bytes: Uint8Array): void {
    if (!this.#isPlain) {
      this.#keep(bytes);
      return;
    }
    let from = 0;
    for (let at = 0; at < bytes.length && !this.#isFull; ) {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf;
      const room = Math.max(0, MAX_LINE_BYTES - this.#lineBytes);
      this.#lineBytes = lf < 0 ? this.#lineBytes + end - at : 0;
      if (end - at > room) {
        this.#budget.broken('line_length');
        this.#keep(bytes.subarray(from, at + room));
        from = end;
      }
      at = end + 1;
      if (lf >= 0 && this.#countLine()) {
        this.#keep(bytes.subarray(from, at));
        this.#isFull = true;
      }
    }
    if (!this.#isFull) this.#keep(bytes.subarray(from));
  }

  /** A copy: what was pushed may be a small view of a large block. */
  take(): Uint8Array {
    const all = new Uint8Array(this.#pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    return all;
  }

  /** True when that was the last one allowed. */
  #countLine(): boolean {
    this.#budget.lines -= 1;
    if (this.#budget.lines > 0) return false;
    this.#budget.broken('lines');
    return true;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#isFull) return;
    const kept = bytes.length > this.#budget.bytes ? bytes.subarray(0, this.#budget.bytes) : bytes;
    if (kept.length < bytes.length) {
      this.#isFull = true;
      this.#budget.broken('text');
    }
    this.#budget.bytes -= kept.length;
    if (kept.length > 0) this.#pieces.push(kept);
  }
}
