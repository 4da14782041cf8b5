import { bodyOf, CONTENT_UNAVAILABLE, NOT_RECORDED, type Waited } from './body.ts';
import type { Ending, TransactionRecord } from './connection.ts';
import type { SessionParts } from './opening.ts';
import { createPatience } from './patience.ts';
import { createRecorder } from './recorder.ts';
import type { Submission } from './relay.ts';
import type { Sending, Wire } from './wire.ts';

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
    let waited: Waited = 'relay';
    let sending: Sending = { accepted: [] };
    const expired = (cause: string): void => finish(endingFor(waited, cause));
    const patience = createPatience({ ...parts, until, expired });
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

    function withhold(ending: Ending): never {
      finish(ending);
      throw new Error('the final dot is withheld');
    }

    function body(): AsyncGenerator<Uint8Array> {
      return bodyOf({
        submission,
        taken() {
          const taken = recorder.taken.map((place) => envelope.recipients[place] ?? '');
          const agrees = recorder.mayWriteBody && sameList(taken, sending.accepted);
          return agrees ? taken : withhold({ kind: 'broken', cause: 'the replies do not add up' });
        },
        withhold,
        flushed: () => wire.flushed(),
        isOver: () => over,
        waitFor(whom) {
          waited = whom;
          patience.enter('body');
        },
        release() {
          waited = 'relay';
          recorder.releaseDot();
          patience.enter('dot');
        },
      });
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
    sending = wire.send(envelope, body(), (error) => {
      const broken: Ending = { kind: 'broken', cause: error?.message ?? 'protocol' };
      finish(recorder.isAnswered ? { kind: 'answered' } : broken);
    });
  });
}

function endingFor(waited: Waited, cause: string): Ending {
  switch (waited) {
    case 'relay':
      return { kind: 'broken', cause };
    case 'source':
      return CONTENT_UNAVAILABLE;
    case 'record':
      return NOT_RECORDED;
  }
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry, place) => entry === other[place]);
}
