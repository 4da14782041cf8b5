/** Ends a file whose mail broke a limit, so that no part of it passes for the whole. */
export class FileCut extends Error {
  override readonly name = 'FileCut';
}

/**
 * The bytes of one file on their way from the reader of the mail, which pushes, to the sink, which pulls. What is pushed
 * between two calls of `taken` is all that is ever held.
 */
export class FileBody implements AsyncIterable<Uint8Array> {
  readonly #pieces: Uint8Array[] = [];
  #end: 'open' | 'closed' | 'cut' = 'open';
  #size = 0;
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;

  get size(): number {
    return this.#size;
  }

  get isOpen(): boolean {
    return this.#end === 'open';
  }

  get isCut(): boolean {
    return this.#end === 'cut';
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#size += piece.length;
    this.#pieces.push(piece);
    this.#wakeReader?.();
  }

  /** All of it was pushed. */
  close(): void {
    this.#finish('closed');
  }

  /** More would have come. */
  cut(): void {
    this.#finish('cut');
  }

  /** Resolves when nothing pushed waits any more. */
  async taken(): Promise<void> {
    while (this.#pieces.length > 0)
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
  }

  /** Nobody reads any more: what comes is counted and dropped. */
  abandon(): void {
    this.#pieces.length = 0;
    this.#wakeWriter?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        yield piece;
        continue;
      }
      this.#wakeWriter?.();
      if (this.#end === 'cut') throw new FileCut('the mail broke a limit inside this file');
      if (this.#end === 'closed') return;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  #finish(end: 'closed' | 'cut'): void {
    if (this.#end === 'open') this.#end = end;
    this.#wakeReader?.();
  }
}
