/**
 * A client that costs little: requests made beforehand, over sockets that stay open, one at a time on each. A process of its
 * own, so that its work is not the server's.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON texts; sent in turns. */
  readonly bodies: readonly string[];
  readonly connections: number;
  /** Ends after this time, or after so many requests. */
  readonly forMs?: number;
  readonly requests?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  /** Of the first answer that was none of 2xx. */
  readonly firstFailure: string | null;
  readonly ms: number;
  readonly p50: number;
  readonly p99: number;
  /** When the first request was sent (milliseconds since 1970 UTC, with a fraction). */
  readonly beganAt: number;
}

interface Tally {
  sent: number;
  readonly times: number[];
  failed: number;
  firstFailure: string | null;
}

process.on('message', (load: Load) => {
  void run(load).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

async function run(load: Load): Promise<LoadResult> {
  const requests = load.bodies.map((body) => requestOf(load, body));
  const tally: Tally = { sent: 0, times: [], failed: 0, firstFailure: null };
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => opened(load.port)));
  const began = performance.now();
  const beganAt = performance.timeOrigin + began;
  const until = began + (load.forMs ?? Number.POSITIVE_INFINITY);
  const most = load.requests ?? Number.POSITIVE_INFINITY;
  const next = (): Buffer | null =>
    tally.sent < most && performance.now() < until
      ? (requests[tally.sent++ % requests.length] ?? null)
      : null;
  await Promise.all(sockets.map((socket) => drive(socket, next, tally)));
  const ms = performance.now() - began;
  for (const socket of sockets) socket.destroy();
  const times = tally.times.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  const { failed, firstFailure } = tally;
  return { requests: times.length, failed, firstFailure, ms, p50: at(0.5), p99: at(0.99), beganAt };
}

function requestOf({ path, headers, port }: Load, body: string): Buffer {
  const fields = { host: `127.0.0.1:${port}`, 'content-type': 'application/json', ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** One request after the other, until there is none. */
function drive(socket: Socket, next: () => Buffer | null, tally: Tally): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = '';
    let since = 0;
    const send = (): void => {
      const request = next();
      if (request === null) {
        resolve();
        return;
      }
      since = performance.now();
      socket.write(request);
    };
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`The server hung up: ${heard.slice(0, 200)}`)));
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      const end = endOfAnswer(heard);
      if (end === -1) return;
      tally.times.push(performance.now() - since);
      if (!/^HTTP\/1\.1 2/.test(heard)) {
        tally.failed += 1;
        tally.firstFailure ??= heard.slice(0, 400);
      }
      heard = heard.slice(end);
      send();
    });
    send();
  });
}

/** Offset behind a whole answer; -1 while it is not whole. */
function endOfAnswer(heard: string): number {
  const head = heard.indexOf('\r\n\r\n');
  if (head === -1) return -1;
  const length = /\r\ncontent-length: (\d+)/i.exec(heard.slice(0, head + 2));
  if (length !== null) {
    const end = head + 4 + Number(length[1]);
    return heard.length >= end ? end : -1;
  }
  if (!/\r\ntransfer-encoding: chunked/i.test(heard.slice(0, head + 2))) return head + 4;
  const end = heard.indexOf('\r\n0\r\n\r\n', head);
  if (end !== -1) return end + '\r\n0\r\n\r\n'.length;
  return heard.startsWith('0\r\n\r\n', head + 4) ? head + 9 : -1;
}
