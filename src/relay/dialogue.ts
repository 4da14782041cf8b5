import type { Capabilities } from './capabilities.ts';
import { mailCommand, rcptCommand } from './commands.ts';
import { createDotStuffing } from './dot-stuffing.ts';
import type { Envelope } from './relay.ts';
import { isPositive } from './reply.ts';
import type { AnyReply, Done, Sending, Told } from './wire.ts';

/** What we write to. Nothing is written any more once it has ended. */
export interface Line {
  readonly ended: boolean;
  /** Resolves when it has left this process, or never will. */
  write(bytes: Uint8Array | string): Promise<void>;
  /**
   * What is written before this turn of the loop is over leaves together. Otherwise a server that answers the first piece alone, and
   * has not switched Nagle's algorithm off, keeps its second answer until the first is acknowledged: 40 ms on Linux.
   */
  gather(): void;
  /** Ends it at once; whoever waits hears of it. */
  end(cause: Error): void;
}

/** Commands and replies on a connection that stands, with the client library out of the way. */
export interface Dialogue {
  /** One complete reply. One that nobody waits for ends the line: it could be taken for the answer to the next command. */
  hear(reply: AnyReply): void;
  /** While the message before it still waits for the reply to its dot, only where commands may be pipelined. */
  send(envelope: Envelope, body: AsyncIterable<Uint8Array>, told: Told): Sending;
  reset(done: Done): void;
  quit(): void;
}

/** RFC 5321 §3.8: the server is about to close the connection, whatever it answers. */
const CLOSING = 421;

export function createDialogue(line: Line, offered: Capabilities): Dialogue {
  /** Who takes the next replies, in the order of the commands (RFC 2920 §3.1 keeps it when they are pipelined). */
  const takers: ((reply: AnyReply) => void)[] = [];
  /** Of the message that was sent last. */
  let sending: Done = () => undefined;

  const ask = (command: string, taker: (reply: AnyReply) => void): string => {
    takers.push(taker);
    return `${command}\r\n`;
  };

  function send(envelope: Envelope, body: AsyncIterable<Uint8Array>, { done, dotLeft }: Told): Sending {
    const accepted: string[] = [];
    const waiting = [...envelope.recipients];
    let mail: AnyReply | null = null;
    sending = done;
    if (line.ended) done(new Error('connection closed'));
    else if (offered.pipelining) {
      const all = [askMail(), ...envelope.recipients.map(askRcpt), askData()];
      void line.write(all.join(''));
    } else void line.write(askMail());
    return { accepted };

    function askMail(): string {
      return ask(mailCommand(envelope, offered), (reply) => {
        mail = reply;
        if (!offered.pipelining) goOn();
      });
    }

    function askRcpt(recipient: string): string {
      return ask(rcptCommand(recipient, envelope, offered), (reply) => {
        if (isPositive(reply)) accepted.push(recipient);
        if (!offered.pipelining) goOn();
      });
    }

    function askData(): string {
      return ask('DATA', (reply) => {
        const isStarted = reply.code !== null && reply.code < 400;
        if (!isStarted || !isPositive(mail)) refuse();
        else if (accepted.length > 0) void writeBody();
        // Nobody is to get anything, and yet the server waits for a message: an empty one keeps the session in step.
        else void line.write(ask('.', refuse));
        // A server that has refused even the sender, and then takes a message, is not to be understood.
        if (isStarted && !isPositive(mail)) line.end(new Error('DATA was taken although MAIL was refused'));
      });
    }

    /** One command at a time: the next recipient, or DATA when one of them was taken. */
    function goOn(): void {
      const next = isPositive(mail) ? waiting.shift() : undefined;
      if (next !== undefined) void line.write(askRcpt(next));
      else if (accepted.length > 0) void line.write(askData());
      else refuse();
    }

    function refuse(): void {
      done(new Error('refused'));
    }

    async function writeBody(): Promise<void> {
      const stuffing = createDotStuffing();
      try {
        for await (const piece of body) {
          await line.write(stuffing.stuffed(piece));
          // What nobody takes any more is not read to its end.
          if (line.ended) return;
        }
        takers.push((reply) => (isPositive(reply) ? done() : refuse()));
        line.gather();
        const written = line.write(stuffing.end());
        dotLeft();
        await written;
      } catch (cause) {
        done(cause instanceof Error ? cause : new Error('the body could not be written'));
      }
    }
  }

  return {
    send,
    hear(reply) {
      const taker = takers.shift();
      if (taker === undefined) {
        line.end(new Error('a reply that nobody waits for'));
        return;
      }
      taker(reply);
      if (reply.code !== CLOSING) return;
      sending(new Error('the server closes the connection'));
      line.end(new Error('the server closes the connection'));
    },
    reset(done) {
      const command = ask('RSET', (reply) => done(isPositive(reply) ? null : new Error('RSET was refused')));
      if (line.ended) done(new Error('connection closed'));
      else void line.write(command);
    },
    quit() {
      void line.write(ask('QUIT', () => line.end(new Error('connection closed'))));
    },
  };
}
