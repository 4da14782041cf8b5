import type { Ending } from './connection.ts';
import type { Submission } from './relay.ts';

/** When a message is looked at again whose body could not be read or whose phase could not be recorded. */
const OURS_RETRY_MS = 60_000;
/** What one wait for the relay covers (RFC 5321 §4.5.3.2.5 speaks of a block), however large the pieces we are given. */
const BLOCK_BYTES = 64 * 1024;

export const CONTENT_UNAVAILABLE: Ending = {
  kind: 'withdrawn',
  cause: 'content_unavailable',
  retryInMs: OURS_RETRY_MS,
};
export const NOT_RECORDED: Ending = { kind: 'withdrawn', cause: 'not_recorded', retryInMs: OURS_RETRY_MS };

/** Whom the body waits for: a deadline that is missed is the relay's only in the first case. */
export type Waited = 'relay' | 'source' | 'record';

export interface BodyCall {
  readonly submission: Submission;
  /** Asked when the body begins: the recipients that the relay has taken. Throws when nobody can say who they are. */
  readonly taken: () => readonly string[];
  readonly waitFor: (whom: Waited) => void;
  readonly flushed: () => Promise<void>;
  readonly isOver: () => boolean;
  /** Ends the connection, and then the stream with an error, so that it cannot end in a dot. */
  readonly withhold: (ending: Ending) => never;
  /** The end of this stream is the final dot. */
  readonly release: () => void;
}

/** The message as it is written. It ends only when phase `dot` is durable: its end is what lets the dot leave. */
export async function* bodyOf(call: BodyCall): AsyncGenerator<Uint8Array> {
  const { submission, waitFor, withhold } = call;
  const taken = call.taken();
  waitFor('source');
  try {
    for await (const chunk of submission.message()) {
      for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
        waitFor('relay');
        yield chunk.subarray(at, at + BLOCK_BYTES);
      }
      waitFor('source');
    }
  } catch {
    withhold(CONTENT_UNAVAILABLE);
  }
  // Only when all of it has left is the end near: a break until then leaves no doubt about the dot.
  waitFor('relay');
  await call.flushed();
  waitFor('record');
  if (call.isOver() || !(await isRecorded(submission, taken)) || call.isOver()) withhold(NOT_RECORDED);
  call.release();
}

async function isRecorded({ beforeDot }: Submission, taken: readonly string[]): Promise<boolean> {
  try {
    return await beforeDot(taken);
  } catch {
    return false;
  }
}
