import type { SMTPServerDataStream } from 'smtp-server';
import type { Received } from '../../inbound/receive.ts';
import type { SmtpLimits } from './smtp-limits.ts';
import { dataReply, replyError } from './smtp-replies.ts';

const CR = 0x0d;
const LF = 0x0a;

/**
 * Why a mail ended before its end. `bare`: a line that ends in CR or LF alone may be an end of data to whoever reads it next
 * (SMTP smuggling). `slow`: whoever sends a byte a minute holds a connection for hours (Slowloris). `broken`: he went away.
 */
type Fault = 'bare' | 'large' | 'slow' | 'broken';

class CutShort extends Error {
  override readonly name = 'CutShort';
}

interface Given {
  readonly stream: SMTPServerDataStream;
  readonly maxBytes: number;
  readonly slowest: SmtpLimits['slowest'];
  readonly monotonic: () => number;
}

/**
 * Hands the mail behind DATA to `take` while it comes, one piece at a time, so that a slow storage holds the sender back.
 * Answers with a text for 250 or with an error. What `take` leaves unread is thrown away: the reply belongs behind the dot.
 *
 * @throws what `take` throws
 */
export async function receiveData(
  given: Given,
  take: (raw: AsyncIterable<Uint8Array>) => Promise<Received>,
): Promise<string | Error> {
  const mail = new Incoming(given);
  let received: Received | null = null;
  let trouble: unknown = null;
  try {
    received = await take(mail.read());
  } catch (cause) {
    trouble = cause;
  }
  if (!(await mail.drain())) {
    given.stream.destroy();
    return REPLIES[mail.fault === 'slow' ? 'slow' : 'broken']();
  }
  // What went wrong on the way in is the answer, whatever was made of it.
  if (mail.fault !== null) return REPLIES[mail.fault]();
  if (received === null) throw trouble;
  return dataReply(received);
}

const REPLIES: Readonly<Record<Fault, () => Error>> = {
  bare: () => replyError(550, '5.6.0 A line ends in CR or LF alone'),
  large: () => replyError(552, '5.3.4 Message too large'),
  slow: () => replyError(421, '4.4.2 Too slow'),
  broken: () => replyError(421, '4.3.0 Connection given up'),
};

class Incoming {
  fault: Fault | null = null;
  readonly #given: Given;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #bytes = 0;
  #waitedMs = 0;

  constructor(given: Given) {
    this.#given = given;
    // Left open when it is not read to its end: the rest has to be seen, or the reply would never be sent.
    this.#pieces = given.stream.iterator({ destroyOnReturn: false });
  }

  /** The exact bytes. Every LF follows a CR, and every CR is followed by an LF, also across pieces (RFC 5321 §2.3.8). */
  async *read(): AsyncGenerator<Uint8Array> {
    let before = 0;
    for (let piece = await this.#next(); piece !== null; piece = await this.#next()) {
      for (const byte of piece) {
        if ((byte === LF) !== (before === CR)) throw this.#cut('bare');
        before = byte;
      }
      if (this.#bytes > this.#given.maxBytes) throw this.#cut('large');
      yield piece;
    }
  }

  /** Reads what is left, which may be as much again. Whether the end was seen. */
  async drain(): Promise<boolean> {
    const most = this.#bytes + this.#given.maxBytes;
    try {
      while (this.fault !== 'slow' && this.fault !== 'broken' && this.#bytes <= most) {
        if ((await this.#next()) === null) return true;
      }
    } catch {
      // Its fault says what happened.
    }
    return false;
  }

  #cut(fault: Fault): CutShort {
    this.fault = fault;
    return new CutShort(fault);
  }

  async #next(): Promise<Uint8Array | null> {
    const { monotonic, slowest } = this.#given;
    const from = monotonic();
    const next = await this.#pieces.next().catch(() => {
      throw this.#cut('broken');
    });
    if (next.done === true) return null;
    // Only the time that the sender takes counts: what storage takes is ours.
    this.#waitedMs += monotonic() - from;
    this.#bytes += next.value.length;
    const least = (slowest.bytesPerSecond * this.#waitedMs) / 1_000;
    if (this.#waitedMs > slowest.afterMs && this.#bytes < least) throw this.#cut('slow');
    return next.value;
  }
}
