import type { Bucket } from './bucket.ts';
import type { After } from './s3-requests.ts';
import { asked, inTime } from './s3-requests.ts';
import { StoreUnavailable, WrongBytes } from './store.ts';

/** Between two pieces of a body. A reader that is slow itself does not count: the clock runs only while we wait. */
const PIECE_WITHIN_MS = 30_000;

/** Times in a row that a body may break off without having brought anything worth the name. */
const BREAKS = 3;
const WORTH_BYTES = 256 * 1024;

export interface S3Source {
  readonly bucket: Bucket;
  readonly after: After;
  readonly key: string;
  readonly size: number;
  /** Of the version that `size` belongs to: pieces of two versions never get mixed. */
  readonly etag: string;
}

/**
 * The bytes of one object. A relay that takes minutes over a message makes the store close the connection in the middle, and
 * connections break: reading goes on where it stopped. Exactly `size` bytes, or StoreUnavailable.
 */
export async function* s3Body(source: S3Source): AsyncIterable<Uint8Array> {
  let at = 0;
  let breaks = 0;
  let worth = WORTH_BYTES;
  while (at < source.size) {
    try {
      for await (const piece of answerFrom(source, at)) {
        at += piece.byteLength;
        if (at > source.size) throw new StoreUnavailable('The object store sends more than there is');
        yield piece;
      }
      if (at < source.size) throw new Error('the body ended early');
    } catch (cause) {
      if (cause instanceof StoreUnavailable || cause instanceof WrongBytes) throw cause;
      breaks = at >= worth ? 1 : breaks + 1;
      worth = at + WORTH_BYTES;
      if (breaks === BREAKS) throw new StoreUnavailable('The object store breaks off', { cause });
    }
  }
}

async function* answerFrom(source: S3Source, at: number): AsyncIterable<Uint8Array> {
  const { bucket, after, key, etag } = source;
  let leaving = new AbortController();
  let isOver = false;
  try {
    const answer = await asked(after, 0, (latest) => {
      leaving = latest;
      return bucket.read({ key, from: at, etag }, latest.signal);
    });
    if (answer === null) throw new StoreUnavailable('The object went away while it was being read');
    if (at > 0 && answer.range?.startsWith(`bytes ${at}-`) !== true) {
      throw new StoreUnavailable('The object store does not go on where it stopped');
    }
    const pieces = piecesOf(answer.body)[Symbol.asyncIterator]();
    for (;;) {
      const step = await inTime({ after, ms: PIECE_WITHIN_MS, leaving }, pieces.next());
      if (step.done === true) break;
      yield step.value;
    }
    isOver = true;
  } finally {
    // Also when the reader lost interest: nothing may hold the connection.
    if (!isOver) leaving.abort();
  }
}

function piecesOf(body: unknown): AsyncIterable<Uint8Array> {
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return body as AsyncIterable<Uint8Array>;
  }
  throw new StoreUnavailable('The object store answers without a body');
}
