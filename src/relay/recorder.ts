import type { Ending, TransactionRecord } from './connection.ts';
import { isPositive, type Peer, type Reply, type UnreadableReply } from './reply.ts';

type AnyReply = Reply | UnreadableReply;

/**
 * Writes down one transaction. Replies come in the order of the commands (RFC 5321 §4.1, with RFC 2920 too), so their
 * place alone says what each one answers.
 */
export interface Recorder {
  /** Why the transaction must stop at once, or null. */
  read(reply: AnyReply): string | null;
  readonly phase: TransactionRecord['phase'];
  /** Places of the recipients that the relay has taken. */
  readonly taken: readonly number[];
  /** True when DATA was answered by 354, the only go-ahead there is. */
  readonly mayWriteBody: boolean;
  /** The replies alone say how it ended. */
  readonly isAnswered: boolean;
  /** From here on the final dot may be on its way. */
  releaseDot(): void;
  finish(ending: Ending, peer: Peer): TransactionRecord;
}

export function createRecorder(count: number): Recorder {
  let mail: AnyReply | null = null;
  let data: AnyReply | null = null;
  let early: AnyReply | null = null;
  let final: AnyReply | null = null;
  let dotReleased = false;
  const recipients: AnyReply[] = [];

  function phase(): TransactionRecord['phase'] {
    if (dotReleased) return 'dot';
    if (mail === null) return 'mail';
    if (recipients.length < count) return 'rcpt';
    return data === null || data.code !== 354 ? 'data' : 'body';
  }

  return {
    read(reply) {
      const at = phase();
      if (at === 'mail') mail = reply;
      else if (at === 'rcpt') recipients.push(reply);
      else if (at === 'data' && data === null) data = reply;
      else if (at === 'dot' && final === null) final = reply;
      else early = reply;
      return stopFor(at, reply, early !== null);
    },
    get phase() {
      return phase();
    },
    get taken() {
      return recipients.flatMap((reply, place) => (isPositive(reply) ? [place] : []));
    },
    get mayWriteBody() {
      return data?.code === 354 && isPositive(mail);
    },
    get isAnswered() {
      if (final !== null) return true;
      if (early !== null || mail === null) return false;
      if (!isPositive(mail)) return true;
      if (recipients.length < count) return recipients.some((reply) => reply.code === 421);
      return !recipients.some((reply) => isPositive(reply)) || (data !== null && data.code !== 354);
    },
    releaseDot() {
      dotReleased = true;
    },
    finish(ending, peer) {
      const padded = Array.from({ length: count }, (_, place) => recipients[place] ?? null);
      return { phase: phase(), mail, recipients: padded, data, early, final, ending, peer };
    },
  };
}

function stopFor(at: TransactionRecord['phase'], reply: AnyReply, isEarly: boolean): string | null {
  if (reply.code === null) return 'unreadable reply';
  if (isEarly) return `reply ${reply.code} before the end of the message`;
  // The library takes any 2yz for a go-ahead. It is more likely a reply too many, and then every later one is misread.
  if (at === 'data' && reply.code < 400 && reply.code !== 354) return `reply ${reply.code} to DATA`;
  if ((at === 'mail' || at === 'rcpt') && reply.code >= 300 && reply.code < 400)
    return `unexpected reply ${reply.code}`;
  return null;
}
