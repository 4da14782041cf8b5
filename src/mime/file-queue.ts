import { FileBody } from './file-body.ts';
import type { AttachmentHead, AttachmentSink, ParsedAttachment } from './parsed.ts';

interface Waiting<Kept> {
  readonly head: AttachmentHead;
  readonly body: FileBody;
  /** Null until its turn has come. */
  kept: Promise<Kept> | null;
}

/** Hands the files of a mail to the sink, one after the other, however many lie in one block of the mail. */
export class FileQueue<Kept> {
  readonly #sink: AttachmentSink<Kept>;
  readonly #waiting: Waiting<Kept>[] = [];
  readonly #done: ParsedAttachment<Kept>[] = [];
  #next = 0;

  constructor(sink: AttachmentSink<Kept>) {
    this.#sink = sink;
  }

  get done(): readonly ParsedAttachment<Kept>[] {
    return this.#done;
  }

  /** Files opened so far. */
  get count(): number {
    return this.#next;
  }

  open(head: Omit<AttachmentHead, 'index'>): FileBody {
    const body = new FileBody();
    this.#waiting.push({ head: { ...head, index: this.#next }, body, kept: null });
    this.#next += 1;
    return body;
  }

  /** Resolves when the sink has taken what there is. @throws what the sink throws */
  async drain(): Promise<void> {
    for (let file = this.#waiting[0]; file !== undefined; file = this.#waiting[0]) {
      // A file that was cut before its turn came is not offered at all.
      if (file.kept === null && !file.body.isCut) file.kept = this.#sink(file.head, file.body);
      if (file.body.isOpen) {
        await this.#handOver(file);
        return;
      }
      await this.#settle(file);
      this.#waiting.shift();
    }
  }

  /** The reading failed: what is open ends with an error, so that no sink waits for ever. */
  async cut(): Promise<void> {
    for (const { body } of this.#waiting) body.cut();
    for (const { body, kept } of this.#waiting) {
      body.abandon();
      await kept?.catch(() => {});
    }
  }

  async #handOver({ body, kept }: Waiting<Kept>): Promise<void> {
    // A sink may settle early: it wants no more, or it failed.
    const settled = kept?.then(() => body.abandon());
    await Promise.race([body.taken(), settled]);
  }

  async #settle({ head, body, kept }: Waiting<Kept>): Promise<void> {
    if (kept === null) return;
    if (body.isCut) {
      body.abandon();
      await kept.catch(() => {});
      return;
    }
    this.#done.push({ ...head, size: body.size, kept: await kept });
  }
}
