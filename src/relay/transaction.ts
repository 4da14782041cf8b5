import type { Ending, TransactionRecord } from './connection.ts';
import type { SessionParts } from './opening.ts';
import { createPatience } from './patience.ts';
import { createRecorder } from './recorder.ts';
import type { Submission } from './relay.ts';
import type { Sending, Wire } from './wire.ts';

/** When a message whose body could not be read is looked at again: the object store may be back. */
export const SOURCE_RETRY_MS = 60_000;

/** What one wait for the body covers (RFC 5321 §4.5.3.2.5 speaks of a block), however large the pieces we are given. */
const BLOCK_BYTES = 64 * 1024;

interface TransactCall {
  readonly wire: Wire;
  readonly parts: SessionParts;
  readonly submission: Submission;
  readonly until: number;
}

/**
 * One MAIL to its end. Whatever happens first ends it: the library's callback, a reply that leaves doubt, the end of the
 * connection, a deadline, the abort. Only the record says what it came to.
 */
export function transact({ wire, parts, submission, until }: TransactCall): Promise<TransactionRecord> {
  const { envelope, signal } = submission;
  const recorder = createRecorder(envelope.recipients.length);
  return new Promise((resolve) => {
    let over = false;
    let sending: Sending = { accepted: [] };
    const patience = createPatience({
      ...parts,
      until,
      expired: (cause) => finish({ kind: 'broken', cause }),
    });
    const abort = (): void => finish({ kind: 'withdrawn', cause: 'aborted', retryInMs: 0 });

    function finish(ending: Ending): void {
      if (over) return;
      over = true;
      patience.stop();
      signal.removeEventListener('abort', abort);
      // What is not written yet never leaves: without its dot the other side has no message.
      if (ending.kind !== 'answered') wire.destroy();
      resolve(recorder.finish(ending, wire.peer));
    }

    /** Ends the stream with an error after the connection is gone, so that it cannot end in a dot. */
    function withhold(ending: Ending): never {
      finish(ending);
      throw new Error('the final dot is withheld');
    }

    async function* body(): AsyncGenerator<Uint8Array> {
      const taken = recorder.taken.map((place) => envelope.recipients[place] ?? '');
      const agrees = recorder.mayWriteBody && sameList(taken, sending.accepted);
      if (!agrees) withhold({ kind: 'broken', cause: 'the replies do not add up' });
      try {
        for await (const chunk of submission.message()) {
          for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
            patience.enter('body');
            yield chunk.subarray(at, at + BLOCK_BYTES);
          }
        }
        // The end of the body is near only when the body has left: a break until then is no doubt about the dot.
        await wire.flushed();
      } catch {
        withhold({ kind: 'withdrawn', cause: 'content_unavailable', retryInMs: SOURCE_RETRY_MS });
      }
      if (over) withhold({ kind: 'broken', cause: 'already over' });
      const isDurable = await submission.beforeDot(taken).catch(() => false);
      if (over || !isDurable) withhold({ kind: 'withdrawn', cause: 'not_recorded', retryInMs: 0 });
      recorder.releaseDot();
      patience.enter('dot');
    }

    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    wire.broke = (error) => finish({ kind: 'broken', cause: error.message });
    wire.hear = (reply) => {
      if (over) return;
      const stop = recorder.read(reply);
      if (stop !== null) finish({ kind: 'broken', cause: stop });
      else if (recorder.phase !== 'dot') patience.enter(recorder.phase);
    };
    patience.enter('mail');
    sending = wire.send(envelope, body(), (error) =>
      finish(
        recorder.isAnswered ? { kind: 'answered' } : { kind: 'broken', cause: error?.message ?? 'protocol' },
      ),
    );
  });
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry, place) => entry === other[place]);
}
