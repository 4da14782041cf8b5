import type { PutToSign, SignedPut } from './store.ts';

/** What stands beside the bytes of an object, in headers. */
export interface Described {
  /** Undefined: the bucket gives it a type of its own. */
  readonly contentType?: string | undefined;
  readonly metadata: { readonly sha256?: string; readonly untyped?: string };
}

export interface Looked extends Described {
  readonly size: number;
  readonly etag: string;
}

export interface Piece {
  readonly key: string;
  /** First byte. */
  readonly from: number;
  /** Of the version that is meant: of another nothing comes. */
  readonly etag: string;
}

/** An upload in parts. */
export interface Upload {
  readonly key: string;
  readonly id: string;
}

export interface Part {
  readonly number: number;
  readonly etag: string;
}

export interface ListedPage {
  readonly objects: readonly { readonly key: string; readonly putAt: number }[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * A bucket that speaks S3: one request for each verb, tried once. What the bucket refuses is thrown, with S3's own code as `name`
 * and the status in `$metadata.httpStatusCode`, as the SDK has it; `NotFound` where a 404 brings no code. An answer that
 * does not say in S3's words that it was done is thrown without a status. `look` and `read` throw WrongBytes for an object that is
 * to be unpacked.
 */
export interface Bucket {
  /** Whether the bucket itself is there. */
  find(leaving: AbortSignal): Promise<true>;
  look(key: string, leaving: AbortSignal): Promise<Looked>;
  read(
    piece: Piece,
    leaving: AbortSignal,
  ): Promise<{ readonly range: string | undefined; readonly body: unknown }>;
  /** @param sha256 lower-case hex of the bytes; the signature covers it */
  put(
    object: Described & { readonly key: string; readonly bytes: Uint8Array; readonly sha256: string },
    leaving: AbortSignal,
  ): Promise<true>;
  /** Null: described as the source is. */
  copy(
    way: { readonly from: string; readonly to: string; readonly described: Described | null },
    leaving: AbortSignal,
  ): Promise<true>;
  delete(key: string, leaving: AbortSignal): Promise<true>;
  list(
    below: { readonly prefix: string; readonly page: string | undefined },
    leaving: AbortSignal,
  ): Promise<ListedPage>;
  begin(object: Described & { readonly key: string }, leaving: AbortSignal): Promise<Upload>;
  putPart(
    part: {
      readonly upload: Upload;
      readonly number: number;
      readonly bytes: Uint8Array;
      readonly sha256: string;
    },
    leaving: AbortSignal,
  ): Promise<Part>;
  finish(
    all: { readonly upload: Upload; readonly parts: readonly Part[] },
    leaving: AbortSignal,
  ): Promise<true>;
  abort(upload: Upload, leaving: AbortSignal): Promise<true>;
  /** A PUT that a client makes without us: `presignPut`, with a moment in milliseconds since 1970 UTC. */
  sign(put: PutToSign, now: number): Promise<SignedPut>;
}
