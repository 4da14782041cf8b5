import { createServer, type Server, type Socket } from 'node:net';
import { ScriptedVisit } from './scripted-smtp-visit.ts';
import type { LogEntry, ReceivedMessage, ServerOptions } from './smtp-script.ts';

export interface ScriptedServer {
  readonly port: number;
  readonly log: readonly LogEntry[];
  /** Messages that were answered by 2yz. */
  readonly messages: readonly ReceivedMessage[];
  /** Every byte of commands and bodies that came before TLS, or without it. */
  readonly clearBytes: string;
  /** Connections that are open now. */
  readonly open: number;
  commands(): readonly string[];
  /** Resolves when an entry of this kind is in the log, at once if it is there already. */
  seen(what: LogEntry['what'], times?: number): Promise<void>;
  close(): Promise<void>;
}

/** A real listener on loopback that plays a script. Without one it is a small, well-behaved server. */
export async function startScriptedServer(options: ServerOptions = {}): Promise<ScriptedServer> {
  const log: LogEntry[] = [];
  const messages: ReceivedMessage[] = [];
  const sockets = new Set<Socket>();
  const waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  let clearBytes = '';
  let connections = 0;

  const note = (entry: LogEntry): void => {
    log.push(entry);
    for (const one of waiting) if (one.isMet()) one.resolve();
  };

  const server: Server = createServer({ noDelay: true }, (socket) => {
    const connection = connections;
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      note({ connection, what: 'end', text: '', encrypted: false });
    });
    const visit = new ScriptedVisit({
      options,
      socket,
      note: (what, text, encrypted) => note({ connection, what, text, encrypted }),
      keep: (message) => messages.push({ ...message, connection }),
      clear: (bytes) => {
        clearBytes += bytes;
      },
    });
    visit.begin();
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    port: address.port,
    log,
    messages,
    get clearBytes() {
      return clearBytes;
    },
    get open() {
      return sockets.size;
    },
    commands: () => log.filter(({ what }) => what === 'command').map(({ text }) => text),
    seen(what, times = 1) {
      const isMet = (): boolean => log.filter((entry) => entry.what === what).length >= times;
      if (isMet()) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ isMet, resolve }));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on loopback where nobody listens. */
export async function refusedPort(): Promise<number> {
  const server = await startScriptedServer();
  await server.close();
  return server.port;
}
