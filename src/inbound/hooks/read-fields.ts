import { concatenated } from '../../mime/bytes.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Share } from './hold.ts';

/** Of one value beside the mail. The longest is a list of recipients. */
const MAX_VALUE_BYTES = 64 * 1024;
/** Of one name: a mail's own header can come as fields, and repeat a name as often as its sender likes. */
const MAX_VALUES = 16;

/** What a body is made of, in its order: a form's fields, or the members of an object. */
export interface FieldEvents {
  begin(name: string): void;
  data(bytes: Uint8Array): void;
  end(): void;
}

/** Takes a body apart as it comes, in pieces of any size. Both answer false when it is not well-formed. */
export interface FieldReader {
  push(bytes: Uint8Array): boolean;
  end(): boolean;
}

export interface Wanted {
  /** The field that is the mail. */
  readonly content: string;
  /** Those that are kept beside it; all others pass by. */
  readonly values: readonly string[];
  /** Of the mail. */
  readonly maxBytes: number;
  /** Where the room for it comes from. */
  readonly share: Share;
  /** Of the whole body: what passes by costs time. */
  readonly maxBodyBytes: number;
}

/** UTF-8; those of one name in the order of the body. */
export type Values = ReadonlyMap<string, readonly string[]>;

export type Fields =
  | {
      readonly kind: 'read';
      readonly values: Values;
      /** Null when it was not there. */
      readonly content: HeldBytes | null;
      /** More than one field was the mail; the first is told. */
      readonly isRepeated: boolean;
    }
  | { readonly kind: 'too_large' }
  /** There is no room for it now. */
  | { readonly kind: 'unavailable' }
  /** Not well-formed, or it ended early. */
  | { readonly kind: 'malformed' };

/** Reads a body to its end, keeping what is wanted and nothing else. */
export async function readFields(
  body: AsyncIterable<Uint8Array>,
  reader: (events: FieldEvents) => FieldReader,
  wanted: Wanted,
): Promise<Fields> {
  const collected = new Collector(wanted);
  const reading = reader(collected);
  let left = wanted.maxBodyBytes;
  try {
    for await (const piece of body) {
      left -= piece.length;
      if (left < 0) return { kind: 'too_large' };
      if (!reading.push(piece)) return { kind: 'malformed' };
      if (collected.trouble !== null) return { kind: collected.trouble };
    }
  } catch {
    return { kind: 'malformed' }; // the client went away; nothing but the body throws here
  }
  if (!reading.end()) return { kind: 'malformed' };
  return collected.trouble === null ? collected.result : { kind: collected.trouble };
}

class Collector implements FieldEvents {
  readonly #wanted: Wanted;
  readonly #values: Map<string, string[]>;
  #content: HeldBytes | null = null;
  #isRepeated = false;
  /** Why it goes no further. */
  trouble: 'too_large' | 'unavailable' | null = null;
  /** Where the bytes of this field go. */
  #into: 'content' | 'value' | 'nowhere' = 'nowhere';
  #name = '';
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.#values = new Map(wanted.values.map((name) => [name, []]));
  }

  get result(): Fields {
    const values = this.#values;
    return { kind: 'read', values, content: this.#content, isRepeated: this.#isRepeated };
  }

  begin(name: string): void {
    this.#name = name;
    if (name === this.#wanted.content) this.#beginContent();
    else this.#into = (this.#values.get(name)?.length ?? MAX_VALUES) < MAX_VALUES ? 'value' : 'nowhere';
  }

  #beginContent(): void {
    this.#isRepeated ||= this.#content !== null;
    this.#into = this.#content === null ? 'content' : 'nowhere';
    this.#content ??= new HeldBytes(this.#wanted.maxBytes);
  }

  data(bytes: Uint8Array): void {
    if (this.#into === 'content') this.#hold(bytes);
    if (this.#into !== 'value') return;
    this.#length += bytes.length;
    // Copied: the reader may use its buffer again.
    if (this.#length <= MAX_VALUE_BYTES) this.#pieces.push(bytes.slice());
    else this.trouble = 'too_large';
  }

  #hold(bytes: Uint8Array): void {
    if (this.trouble !== null) return;
    if (!this.#wanted.share.take(bytes.length)) this.trouble = 'unavailable';
    else if (this.#content?.add(bytes) === false) this.trouble = 'too_large';
  }

  end(): void {
    if (this.#into === 'value')
      this.#values.get(this.#name)?.push(new TextDecoder().decode(concatenated(this.#pieces)));
    this.#into = 'nowhere';
    this.#pieces = [];
    this.#length = 0;
  }
}
