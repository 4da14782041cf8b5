/** Blocks double up to this: a small mail costs little, a large one is not copied again and again. */
const FIRST_BLOCK_BYTES = 16 * 1024;
const MAX_BLOCK_BYTES = 1024 * 1024;

/**
 * A mail in memory, once: its provider names the envelope behind it as often as before it, and proves neither until the end.
 * Copied out of what the network gave, so that no large buffer lives on for a few of its bytes.
 */
export class HeldBytes {
  readonly #limit: number;
  #blocks: Uint8Array[] = [];
  /** Bytes used of the last block. */
  #filled = 0;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** False when there is no room for them: then all that was held is let go. */
  add(bytes: Uint8Array): boolean {
    if (this.#size + bytes.length > this.#limit) {
      this.#blocks = [];
      return false;
    }
    for (let at = 0; at < bytes.length; ) {
      const block = this.#roomy();
      const taken = bytes.subarray(at, at + block.length - this.#filled);
      block.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
    }
    this.#size += bytes.length;
    return true;
  }

  /** The bytes, once: each block is let go when it has been read. */
  async *release(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const block = this.#blocks.shift();
      if (block === undefined) return;
      yield this.#blocks.length === 0 ? block.subarray(0, this.#filled) : block;
    }
  }

  #roomy(): Uint8Array {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#filled < last.length) return last;
    const size = Math.min(MAX_BLOCK_BYTES, Math.max(FIRST_BLOCK_BYTES, this.#size));
    const block = new Uint8Array(Math.min(size, this.#limit));
    this.#blocks.push(block);
    this.#filled = 0;
    return block;
  }
}
