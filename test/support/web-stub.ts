import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Certificate } from './certificates.ts';

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A web server on loopback that does what the path says, and counts who comes. */
export interface WebStub {
  readonly port: number;
  /** `http://127.0.0.1:port`, or `https://localhost:port` with a certificate. */
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  /** What each TLS connection asked for by SNI; empty for none. */
  readonly serverNames: readonly string[];
  /** Connections ever, spoken on or not. */
  readonly connections: number;
  /** Connections still open. */
  readonly open: number;
  /** Resolves when a request for this path has come. */
  seen(path: string): Promise<void>;
  /** Resolves when no connection is open. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** Of the dripping and the endless answers. Short for a test, and still an answer that never ends. */
const DRIP_MS = 3;
const ZEROS = 10 * 1024 * 1024;

type Act = (call: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What stands behind the first segment of the path. */
  readonly argument: string;
}) => void;

const ACTS: Readonly<Record<string, Act>> = {
  status: ({ response, argument }) => response.writeHead(Number(argument)).end(`status ${argument}`),
  bytes: ({ response, argument }) =>
    response.writeHead(200, { 'content-length': argument }).end(Buffer.alloc(Number(argument), 'x')),
  chunked: ({ response, argument }) => {
    response.writeHead(200).flushHeaders();
    response.end(Buffer.alloc(Number(argument), 'x'));
  },
  redirect: ({ response, argument, url }) =>
    response.writeHead(Number(argument), { location: url.searchParams.get('to') ?? '' }).end('elsewhere'),
  nowhere: ({ response, argument }) => response.writeHead(Number(argument)).end(),
  hops: ({ response, argument }) =>
    argument === '0'
      ? response.end('arrived')
      : response.writeHead(302, { location: `/hops/${Number(argument) - 1}` }).end(),
  loop: ({ response }) => response.writeHead(302, { location: '/loop' }).end(),
  silent: () => undefined,
  drip: ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    every(response, () => response.write('.'));
  },
  endless: ({ response }) => {
    response.writeHead(200);
    flood(response, Buffer.alloc(65_536, 'x'));
  },
  headers: ({ response }) => {
    response.socket?.write('HTTP/1.1 200 OK\r\n');
    if (response.socket !== null) flood(response.socket, Buffer.from(`x-more: ${'x'.repeat(1_000)}\r\n`));
  },
  trailers: ({ response }) => {
    response.socket?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n');
    if (response.socket !== null) flood(response.socket, Buffer.from(`x-more: ${'x'.repeat(1_000)}\r\n`));
  },
  extensions: ({ response }) => {
    response.socket?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1');
    if (response.socket !== null) flood(response.socket, Buffer.from(`;x=${'x'.repeat(1_000)}`));
  },
  interim: ({ response }) => {
    if (response.socket !== null) flood(response.socket, Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'));
  },
  gzip: ({ response }) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(ZEROS))),
  // Two lengths: what a lenient reader takes for the end, another takes for the middle (RFC 9112 §6.3).
  lengths: ({ response }) =>
    response.socket?.end(
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ),
  garbage: ({ response }) => response.socket?.end('220 mail.internal ESMTP 10.0.0.5 ready\r\n'),
  upgrade: ({ response }) =>
    response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  short: ({ response }) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('12345', () => response.socket?.destroy());
  },
  reset: ({ response }) => response.socket?.resetAndDestroy(),
};

export async function startWebStub(
  call: { readonly certificate?: Certificate; readonly host?: string } = {},
): Promise<WebStub> {
  const requests: SeenRequest[] = [];
  const serverNames: string[] = [];
  const sockets = new Set<Socket>();
  const watchers = new Set<() => void>();
  let connections = 0;
  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  const listener: RequestListener = (request, response) => {
    void textOf(request).then((body) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      requests.push({ method: request.method ?? '', path: request.url ?? '', headers, body });
      act(request, response);
      changed();
    });
  };
  const server =
    call.certificate === undefined
      ? createServer(listener)
      : createTlsServer({ ...call.certificate }, listener);
  // A connection that its client keeps is seen to be kept.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      changed();
    });
  });
  server.on('secureConnection', ({ servername }: TLSSocket & { readonly servername: string | false }) => {
    serverNames.push(servername || '');
  });
  await new Promise<void>((resolve) => server.listen(0, call.host ?? '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const once = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return {
    port,
    origin: call.certificate === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    requests,
    serverNames,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    seen: (path) => once(() => requests.some((one) => one.path === path)),
    quiet: () => once(() => sockets.size === 0),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function act(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(`http://stub${request.url ?? '/'}`);
  const [, name = '', argument = ''] = url.pathname.split('/');
  const known = ACTS[name];
  if (known === undefined) response.writeHead(404).end();
  else known({ request, response, url, argument });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  return text;
}

function every(response: ServerResponse, work: () => void): void {
  work();
  const timer = setInterval(work, DRIP_MS);
  response.once('close', () => clearInterval(timer));
}

/** Writes the same again and again for as long as somebody reads. */
function flood(to: ServerResponse | Socket, piece: Buffer): void {
  const more = (): void => {
    while (!to.destroyed && to.writable && to.write(piece));
  };
  to.on('drain', more);
  more();
}
