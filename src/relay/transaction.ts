import { bodyOf, CONTENT_UNAVAILABLE, NOT_RECORDED, type Waited } from './body.ts';
import type { Ending, TransactionRecord } from './connection.ts';
import type { SessionParts } from './opening.ts';
import { createPatience, timedOut } from './patience.ts';
import { createRecorder } from './recorder.ts';
import type { Submission } from './relay.ts';
import type { AnyReply, Sending, Wire } from './wire.ts';

/** A transaction as its connection speaks to it. */
export interface Ear {
  /** A reply to one of its commands. */
  hear(reply: AnyReply): void;
  /** The connection is over. */
  broke(cause: Error): void;
}

interface Call {
  readonly wire: Pick<Wire, 'send' | 'flushed' | 'peer'>;
  readonly parts: SessionParts;
  readonly submission: Submission;
  readonly until: number;
  /** Resolves when the transaction before it has its reply: until then nobody answers this one. */
  readonly turn: Promise<void> | null;
  /** Whom replies are told from now on, once all of those before them have theirs. */
  readonly listen: (ear: Ear) => void;
  readonly dotLeft: () => void;
  /** At once when it is over; without an answer its connection is not to be used any more. */
  readonly ended: (isAnswered: boolean) => void;
}

/** When work is due again that found all connections taken. */
export const BUSY_RETRY_MS = 1_000;
/** A message that was sent behind another waits no longer for that one's reply than it would have waited for a connection. */
const BUSY: Ending = { kind: 'withdrawn', cause: 'busy', retryInMs: BUSY_RETRY_MS };

/**
 * One MAIL to its end. Whatever happens first ends it: the library's callback, a reply that leaves doubt, the end of the
 * connection, a deadline, the abort. Only the record says what it came to.
 */
export function transact(call: Call): Promise<TransactionRecord> {
  const { wire, parts, submission, until, turn } = call;
  const { envelope, signal } = submission;
  const recorder = createRecorder(envelope.recipients.length);
  return new Promise((resolve) => {
    let over = false;
    let waited: Waited = 'relay';
    let sending: Sending = { accepted: [] };
    let cancelTurn = (): void => undefined;
    const expired = (cause: string): void => finish(endingFor(waited, cause));
    const patience = createPatience({ ...parts, until, expired });
    const abort = (): void => finish({ kind: 'withdrawn', cause: 'aborted', retryInMs: 0 });

    function finish(ending: Ending): void {
      if (over) return;
      over = true;
      patience.stop();
      cancelTurn();
      signal.removeEventListener('abort', abort);
      // What is not written yet never leaves: without its dot the other side has no message.
      call.ended(ending.kind === 'answered');
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
    call.listen({
      broke: (error) => finish({ kind: 'broken', cause: error.message }),
      hear(reply) {
        if (over) return;
        cancelTurn();
        const stop = recorder.read(reply);
        if (stop !== null) finish({ kind: 'broken', cause: stop });
        else if (recorder.phase !== 'dot') patience.enter(recorder.phase);
      },
    });
    if (turn === null) patience.enter('mail');
    else {
      cancelTurn = parts.clock.after(parts.waits.slot, () => finish(BUSY));
      void turn.then(() => {
        cancelTurn();
        if (over || recorder.phase !== 'mail') return;
        // There are servers that throw away what comes behind a dot.
        const silent: Ending = { kind: 'broken', cause: timedOut('mail') };
        cancelTurn = parts.clock.after(parts.waits.slot, () => finish(silent));
      });
    }
    sending = wire.send(envelope, body(), {
      dotLeft: () => {
        if (!over) call.dotLeft();
      },
      done(error) {
        const broken: Ending = { kind: 'broken', cause: error?.message ?? 'protocol' };
        finish(recorder.isAnswered ? { kind: 'answered' } : broken);
      },
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
