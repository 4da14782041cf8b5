import type { Refusal } from '../../schemas/error.ts';
import { bodyTooLarge, malformedBody } from '../../schemas/refusal.ts';
import { joined } from './collect.ts';
import { bytesText } from './message-limit.ts';

/** Up to here a body is read before the room is asked who is calling; beyond it, the room is asked first. */
export const SMALL_BODY_BYTES = 256 * 1024;

export type BodyOutcome =
  | { readonly kind: 'read'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A request body that can be read in two steps: a first part that anybody may send, and the rest once he is known. */
export class RequestBody {
  readonly #request: Request;
  readonly #cap: number;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** Of the length that was declared, for a large body: pieces and then the whole of them would be its size twice. */
  #whole: Uint8Array<ArrayBuffer> | null = null;
  #length = 0;
  #broken = false;
  #ended = false;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null = null;

  constructor(request: Request, cap: number) {
    this.#request = request;
    this.#cap = cap;
  }

  /** What can be said before a byte is read. */
  #atSight(): Refusal | null {
    const encoding = this.#request.headers.get('content-encoding');
    if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
      // Never inflated: a kilobyte of gzip is a gigabyte of zeros.
      return malformedBody('A Content-Encoding is not accepted.');
    }
    return this.#declared() > this.#cap ? tooLarge(this.#cap) : null;
  }

  #declared(): number {
    const declared = this.#request.headers.get('content-length');
    return declared !== null && /^\d{1,15}$/.test(declared) ? Number(declared) : 0;
  }

  /** Reads a small body whole. False: it is larger than that, or will be refused, and the caller must be known first. */
  async readSmall(): Promise<boolean> {
    const declared = this.#declared();
    if (declared > SMALL_BODY_BYTES) return false;
    if (declared === 0) return await this.#readUpTo(Math.min(SMALL_BODY_BYTES, this.#cap));
    // A declared length is the framing of HTTP/1.1 (RFC 9112 §6.2): both hosts hand on that many bytes and no more, and
    // reading them at once costs a third less than a stream.
    const read = await this.#unlessBroken(this.#request.arrayBuffer());
    if (read !== null) this.#keep(new Uint8Array(read));
    this.#ended = true;
    return this.#length <= this.#cap;
  }

  /** Reads what is left, up to the cap. The excess is never held: reading stops with the chunk that crosses the cap. */
  async finish(): Promise<BodyOutcome> {
    const refusal = this.#atSight();
    if (refusal !== null) return { kind: 'refused', refusal: await this.#stop(refusal) };
    const declared = this.#declared();
    if (declared > SMALL_BODY_BYTES && this.#length === 0) this.#whole = new Uint8Array(declared);
    if (!(await this.#readUpTo(this.#cap)))
      return { kind: 'refused', refusal: await this.#stop(tooLarge(this.#cap)) };
    if (this.#broken) return { kind: 'refused', refusal: malformedBody('It ended before it was complete.') };
    return { kind: 'read', bytes: this.#whole?.subarray(0, this.#length) ?? whole(this.#chunks) };
  }

  /** True when the end of the body was reached with at most `limit` bytes. */
  async #readUpTo(limit: number): Promise<boolean> {
    if (!this.#ended && this.#request.body === null) this.#ended = true;
    while (!this.#ended && this.#length <= limit) {
      this.#reader ??= this.#request.body?.getReader() ?? null;
      const read = this.#reader && (await this.#unlessBroken(this.#reader.read()));
      if (read?.value === undefined) this.#ended = true;
      else this.#keep(read.value);
    }
    return this.#length <= limit;
  }

  #keep(chunk: Uint8Array<ArrayBuffer>): void {
    const end = this.#length + chunk.length;
    if (this.#whole === null) this.#chunks.push(chunk);
    // Where the framing of HTTP is not what it should be, no byte beyond the declared length is believed.
    else if (end <= this.#whole.length) this.#whole.set(chunk, this.#length);
    else this.#broken = true;
    this.#length = end;
  }

  /** A client that goes away in the middle is no failure of ours. */
  async #unlessBroken<T>(reading: Promise<T>): Promise<T | null> {
    try {
      return await reading;
    } catch {
      this.#broken = true;
      return null;
    }
  }

  async #stop(refusal: Refusal): Promise<Refusal> {
    this.#chunks.length = 0;
    this.#whole = null;
    try {
      await this.#reader?.cancel();
    } catch {
      // The client has gone already; the refusal stands for the log of the request.
    }
    return refusal;
  }
}

function tooLarge(cap: number): Refusal {
  return bodyTooLarge(bytesText(cap));
}

function whole(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : joined(chunks);
}
