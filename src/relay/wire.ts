import type { AuthMechanism, Capabilities } from './capabilities.ts';
import type { Envelope } from './relay.ts';
import type { Peer, Reply, UnreadableReply } from './reply.ts';

export type AnyReply = Reply | UnreadableReply;

export type Done = (error?: Error | null) => void;

/** What becomes of a message under way. */
export interface Told {
  readonly dotLeft: () => void;
  readonly done: Done;
}

/**
 * An SMTP client library on one socket, and our own ear beside it. The library speaks until the session stands, and then we
 * do; what we heard decides.
 *
 * After `destroy`, or when the other side ends it, nothing more is written and no callback needs to come.
 */
export interface Wire {
  /** Hears every complete reply, before the library does. */
  hear: (reply: AnyReply, lines: string) => void;
  /** Told when the session ends, whoever ended it. */
  broke: (cause: Error) => void;
  readonly peer: Peer;
  /** The first byte ever heard; -1 before. */
  readonly firstByte: number;
  /** Encrypted, or said by the URL to need no more encryption. */
  readonly secure: boolean;
  readonly ended: boolean;
  /** The lines of the last EHLO. */
  readonly announced: string;
  /** Greeting, EHLO, STARTTLS, and EHLO again. */
  connect(done: Done): void;
  login(
    how: { readonly method: AuthMechanism; readonly user: string; readonly pass: string },
    done: Done,
  ): void;
  /** The session stands: from here on the library has no part in it, and what follows is ours. */
  adopt(offered: Capabilities): void;
  /** RSET. */
  reset(done: Done): void;
  /**
   * MAIL, RCPT, DATA; after its 354 the body, read as it is written; the final dot when the body ends. `dotLeft` is called when it
   * is on its way: the next message may be sent behind it.
   */
  send(envelope: Envelope, body: AsyncIterable<Uint8Array>, told: Told): Sending;
  /** Resolves when all that was written has left this process, or never will, and what came in until then is heard. */
  flushed(): Promise<void>;
  /** QUIT. */
  quit(): void;
  /** Drops what is not written yet. */
  destroy(): void;
  /** Lets the library work off what it has heard already. */
  turn(): Promise<void>;
}

/** What the speaker believes about a message under way; held against what the ear has heard. */
export interface Sending {
  readonly accepted: readonly string[];
}

/** Runs one step to its callback, the end of the session, or the abort, whichever is first. */
export function step(wire: Wire, signal: AbortSignal, run: (done: Done) => void): Promise<Error | null> {
  return new Promise((resolve) => {
    const aborted = (): void => {
      wire.destroy();
      settle(new Error('aborted'));
    };
    const settle = (error: Error | null): void => {
      signal.removeEventListener('abort', aborted);
      wire.broke = () => undefined;
      resolve(error);
    };
    wire.broke = settle;
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    else run((error) => settle(error ?? null));
  });
}

export function isRefusal(reply: AnyReply | null): reply is Reply {
  return reply !== null && reply.code !== null && reply.code >= 400;
}
