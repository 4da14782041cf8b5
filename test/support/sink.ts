import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A message whose dot was seen, and how its connection went on; times are `performance.now()`. */
export interface Arrival {
  readonly messageId: string;
  readonly recipients: readonly string[];
  readonly text: string;
  readonly dotAt: number;
  /** When the reply to the dot was written, or null. */
  readonly repliedAt: number | null;
  /** When the connection ended, or null. */
  readonly endedAt: number | null;
}

/** An SMTP server of somebody else's, in the test's own process: what arrived there has left the service for good. */
export interface Sink {
  readonly port: number;
  /** Every message, in order. */
  readonly arrived: Arrival[];
  /**
   * Called with each message when its dot has been seen; the reply waits for it. `drop`: the connection ends instead; an error: the message is refused, and has not
   * arrived. */
  onMessage: (arrival: Arrival) => Promise<unknown>;
  until(isSo: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** @param port one that was free before; any by default. */
export async function openSink(port = 0): Promise<Sink> {
  const waiting = new Set<() => void>();
  const connections = new Map<string, { -readonly [key in keyof Arrival]: Arrival[key] }[]>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: false,
    onData(stream, session, callback) {
      let text = '';
      stream.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
      stream.on('end', () => {
        const arrival = {
          messageId: /^message-id: (.*)$/im.exec(text)?.[1]?.trim() ?? '',
          recipients: session.envelope.rcptTo.map(({ address }) => address),
          text,
          dotAt: performance.now(),
          repliedAt: null as number | null,
          endedAt: null as number | null,
        };
        sink.arrived.push(arrival);
        connections.set(session.id, [...(connections.get(session.id) ?? []), arrival]);
        for (const look of waiting) look();
        void sink.onMessage(arrival).then((fate) => {
          if (fate === 'drop') {
            for (const one of server.connections) if (one.id === session.id) one._socket.destroy();
            return;
          }
          arrival.repliedAt = performance.now();
          if (fate instanceof Error) {
            sink.arrived.splice(sink.arrived.indexOf(arrival), 1);
            callback(fate);
          } else callback();
        });
      });
    },
    onClose(session) {
      for (const arrival of connections.get(session.id) ?? []) arrival.endedAt = performance.now();
      connections.delete(session.id);
    },
  });
  server.on('error', () => {});
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const sink: Sink = {
    port: (server.server.address() as AddressInfo).port,
    arrived: [],
    onMessage: async () => {},
    until: (isSo) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isSo()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return sink;
}
