import type { Connection, Ending, TransactionRecord } from './connection.ts';
import { needsSmtputf8 } from './envelope.ts';
import type { Session, SessionParts } from './opening.ts';
import { createRecorder } from './recorder.ts';
import type { Submission } from './relay.ts';
import { transact } from './transaction.ts';
import { step } from './wire.ts';

/** How long a server may take to answer QUIT. */
const QUIT_MS = 2_000;

/** A session that carries one transaction after another. */
export function createConnection(session: Session, parts: SessionParts): Connection {
  const { wire } = session;
  let inDoubt = false;
  let isOpen = false;
  let ended = (): void => undefined;
  const rest = (): void => {
    wire.hear = () => undefined;
    wire.broke = () => ended();
  };
  rest();

  /** A transaction that stopped before the dot still stands at the server: a second MAIL would be refused (503). */
  async function clearAway({ signal }: Submission): Promise<string | null> {
    if (!isOpen) return null;
    const error = await step(wire, signal, (done) => wire.reset(done));
    await wire.turn();
    return error === null ? null : error.message;
  }

  return {
    maxSize: session.capabilities.maxSize,
    get usable() {
      return !inDoubt && !wire.ended;
    },
    async transact(submission, until) {
      const refusal = unfit(session, submission);
      if (refusal !== null) return untouched(session, submission, refusal);
      const stuck = await clearAway(submission);
      const record =
        stuck === null
          ? await transact({ wire, parts, submission: asOffered(session, submission), until })
          : untouched(session, submission, { kind: 'broken', cause: stuck });
      inDoubt = record.ending.kind !== 'answered';
      isOpen = record.final === null;
      if (inDoubt) wire.destroy();
      rest();
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
