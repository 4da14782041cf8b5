import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** One connection to an SMTP server, spoken by hand. */
export interface SmtpCaller {
  readonly socket: Socket;
  /** The first reply. */
  readonly greeting: string;
  /** Sends bytes (one character each) and answers the last line of the next reply; `closed` when there is none any more. */
  say(bytes: string): Promise<string>;
  /** Like `say`, and answers all lines of the reply. */
  ask(bytes: string): Promise<readonly string[]>;
  /** The handshake behind STARTTLS; the same conversation goes on inside. */
  secure(options: { readonly ca: string; readonly servername: string }): Promise<TLSSocket>;
}

export async function callSmtp(
  at: { readonly host: string; readonly port: number },
  from = '127.0.0.1',
): Promise<SmtpCaller> {
  const socket = connect({ port: at.port, host: at.host, localAddress: from });
  let line = listen(socket);
  const ask = async (bytes: string): Promise<readonly string[]> => {
    line.socket.write(bytes, 'latin1');
    return line.reply();
  };
  const [greeting = ''] = await line.reply();
  return {
    socket,
    greeting,
    ask,
    say: async (bytes) => (await ask(bytes)).at(-1) ?? '',
    async secure(options) {
      line.leave();
      const secured = connectTls({ ...options, socket });
      await new Promise<void>((resolve, reject) => {
        secured.once('secureConnect', resolve).once('error', reject);
      });
      line = listen(secured);
      return secured;
    },
  };
}

interface Line {
  readonly socket: Socket;
  readonly reply: () => Promise<readonly string[]>;
  readonly leave: () => void;
}

function listen(socket: Socket): Line {
  let heard = '';
  let isClosed = false;
  let wake = (): void => {};
  const onData = (bytes: Buffer): void => {
    heard += bytes.toString('latin1');
    wake();
  };
  const onClose = (): void => {
    isClosed = true;
    wake();
  };
  socket.on('data', onData).on('close', onClose).on('end', onClose);
  socket.on('error', () => socket.destroy());
  return {
    socket,
    async reply() {
      for (;;) {
        const end = /^\d{3}(?: .*)?\r\n/m.exec(heard);
        if (end !== null) {
          const text = heard.slice(0, end.index + end[0].length);
          heard = heard.slice(text.length);
          return text.trim().split('\r\n');
        }
        if (isClosed) return ['closed'];
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    leave: () => socket.off('data', onData).off('close', onClose).off('end', onClose),
  };
}
