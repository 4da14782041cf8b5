import type { Connection, Ending, TransactCall, TransactionRecord } from './connection.ts';
import { needsSmtputf8 } from './envelope.ts';
import type { Session, SessionParts } from './opening.ts';
import { createRecorder } from './recorder.ts';
import type { Submission } from './relay.ts';
import { type Ear, transact } from './transaction.ts';
import { step } from './wire.ts';

/** How long a server may take to answer QUIT. */
const QUIT_MS = 2_000;

/** A session that carries one transaction after another, the next one's envelope behind the dot of the last. */
export function createConnection(session: Session, parts: SessionParts): Connection {
  const { wire, capabilities } = session;
  /** Those that wait for replies, in the order of their commands. */
  const ears: Ear[] = [];
  let inDoubt = false;
  let isOpen = false;
  let ended = (): void => undefined;
  /** Settles when the last transaction has its reply, or never gets one. */
  let last: Promise<void> | null = null;
  listen();

  function listen(): void {
    wire.hear = (reply) => ears[0]?.hear(reply);
    wire.broke = (cause) => {
      if (ears.length === 0) ended();
      for (const ear of [...ears]) ear.broke(cause);
    };
  }

  /** A transaction that stopped before the dot still stands at the server: a second MAIL would be refused (503). */
  async function clearAway({ signal }: Submission): Promise<string | null> {
    // Behind a dot nothing is open: that message ends with its reply, whatever it says.
    if (!isOpen || ears.length > 0) return null;
    const error = await step(wire, signal, (done) => wire.reset(done));
    await wire.turn();
    listen();
    return error === null ? null : error.message;
  }

  async function carry(
    submission: Submission,
    { until, mayFollow }: TransactCall,
  ): Promise<TransactionRecord> {
    const turn = ears.length > 0 ? last : null;
    let own: Ear | null = null;
    const record = await transact({
      wire,
      parts,
      submission: asOffered(session, submission),
      until,
      turn,
      listen(ear) {
        own = ear;
        ears.push(ear);
      },
      dotLeft() {
        if (capabilities.pipelining) mayFollow?.();
      },
      ended(isAnswered) {
        const place = own === null ? -1 : ears.indexOf(own);
        if (place !== -1) ears.splice(place, 1);
        inDoubt ||= !isAnswered;
        // One that was sent behind another and is given up leaves that one its reply.
        if (inDoubt && ((place === 0 && !isAnswered) || ears.length === 0)) destroy();
      },
    });
    isOpen = record.final === null;
    return record;
  }

  /** Whoever waits hears of it: the wire itself need not tell. */
  function destroy(): void {
    wire.destroy();
    for (const ear of ears.splice(0)) ear.broke(new Error('connection closed'));
  }

  return {
    maxSize: capabilities.maxSize,
    get usable() {
      return !inDoubt && !wire.ended;
    },
    async transact(submission, call) {
      const refusal = unfit(session, submission);
      if (refusal !== null) return untouched(session, submission, refusal);
      const stuck = await clearAway(submission);
      if (stuck !== null) {
        inDoubt = true;
        wire.destroy();
        return untouched(session, submission, { kind: 'broken', cause: stuck });
      }
      const carried = carry(submission, call);
      last = carried.then(() => undefined);
      const record = await carried;
      await wire.turn();
      return record;
    },
    quit() {
      return new Promise((resolve) => {
        const cancel = parts.clock.after(QUIT_MS, () => wire.destroy());
        wire.broke = () => {
          cancel();
          ended();
          resolve();
        };
        if (wire.ended) wire.broke(new Error('already closed'));
        else wire.quit();
      });
    },
    destroy() {
      wire.destroy();
    },
    onEnd(listener) {
      ended = listener;
    },
  };
}

/** What the relay said it cannot take is not offered to it (RFC 1870 §6.1, RFC 6531 §3.1). */
function unfit({ capabilities }: Session, { envelope }: Submission): Ending | null {
  const { maxSize, smtputf8 } = capabilities;
  if (maxSize !== null && envelope.size > maxSize) return { kind: 'unfit', reason: 'too_large' };
  if (needsSmtputf8(envelope) && !smtputf8) return { kind: 'unfit', reason: 'smtputf8_unsupported' };
  return null;
}

/** Reports are not asked for where they are not offered: an unknown parameter is refused (RFC 5321 §4.1.1.11). */
function asOffered({ capabilities }: Session, submission: Submission): Submission {
  if (capabilities.dsn) return submission;
  const { reportsAs: _reportsAs, ...envelope } = submission.envelope;
  return { ...submission, envelope };
}

function untouched({ wire }: Session, { envelope }: Submission, ending: Ending): TransactionRecord {
  return createRecorder(envelope.recipients.length).finish(ending, wire.peer);
}
