/** The body of a request as it comes. Whether there is anything in it is known before anybody is bothered with it. */
export class MailBody {
  /** The client went away, or what it sent was no body. */
  isBroken = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  #first: Uint8Array | null = null;
  #isOver = false;

  constructor(stream: ReadableStream<Uint8Array> | null) {
    this.#reader = stream?.getReader() ?? null;
  }

  /** Reads until the first byte. */
  async hasBytes(): Promise<boolean> {
    while (this.#first === null || this.#first.length === 0) {
      try {
        this.#first = await this.#next();
      } catch {
        return false;
      }
      if (this.#first === null) return false;
    }
    return true;
  }

  /** All of it, the first piece included. @throws when it breaks off */
  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const first = this.#first;
    this.#first = null;
    if (first !== null) yield first;
    for (let piece = await this.#next(); piece !== null; piece = await this.#next()) yield piece;
  }

  /** What is not read by now is not wanted. */
  async leave(): Promise<void> {
    // Whoever left has a reason of his own; that the client is gone as well is none.
    if (!this.#isOver) await this.#reader?.cancel().catch(() => undefined);
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      const read = await this.#reader?.read();
      if (read?.value !== undefined) return read.value;
      this.#isOver = true;
      return null;
    } catch (cause) {
      this.isBroken = true;
      throw cause;
    }
  }
}
