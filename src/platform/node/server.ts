import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Guesses } from '../../operator/guesses.ts';
import type { Deadlines } from './deadlines.ts';
import { watchSlowBodies } from './deadlines.ts';

/** Node's own default, said here because it is a promise: request line and headers together. */
const MAX_HEADER_BYTES = 16 * 1024;

const JSON_TYPE = 'application/json; charset=utf-8';

/** A caller that was told what is wrong has this long to read it. One that never hangs up must not keep its connection. */
const LAST_WORDS_MS = 1_000;

/** How long a client should wait when it is told that we are stopping. */
const RETRY_AFTER_STOP_SECONDS = 5;

export interface HttpServer {
  readonly address: AddressInfo;
  /** From now on every new request is answered 503 with Retry-After. */
  refuse(): void;
  /** Ends the listener when the requests that are running have been answered, or `withinMs` is over. */
  close(withinMs: number): Promise<void>;
}

/** The HTTP listener: deadlines for slow callers, and where each request came from. */
export async function openServer(parts: {
  readonly host: string;
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly guesses: Guesses;
  readonly monotonic: () => number;
  readonly deadlines: Deadlines;
}): Promise<HttpServer> {
  const { deadlines, monotonic } = parts;
  let stopping = false;
  const listener = getRequestListener(
    async (request, env) => {
      parts.guesses.from(request, (env.incoming as IncomingMessage).socket.remoteAddress);
      const response = await parts.fetch(request);
      if (response.ok) parts.guesses.succeeded(request);
      return response;
    },
    { errorHandler: answerNoRequest },
  );
  const server = createServer(
    {
      headersTimeout: deadlines.headersMs,
      requestTimeout: deadlines.requestMs,
      connectionsCheckingInterval: deadlines.lookEveryMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Refused all the same, but in our words: see `answerNoRequest`.
      requireHostHeader: false,
      noDelay: true,
    },
    (incoming, outgoing) => {
      if (stopping) {
        refuseWhileStopping(outgoing);
        return;
      }
      // A kept-alive connection would otherwise hold the stop up until its idle time is over.
      outgoing.once('close', () => stopping && server.closeIdleConnections());
      void listener(incoming, outgoing);
    },
  );
  server.on('clientError', answerClientError);
  server.on('checkExpectation', refuseExpectation);
  const unwatch = watchSlowBodies(server, { deadlines, monotonic });
  const address = await listen(server, parts);
  return {
    address,
    refuse() {
      stopping = true;
      server.closeIdleConnections();
    },
    async close(withinMs) {
      unwatch();
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function listen(
  server: Server,
  to: { readonly host: string; readonly port: number },
): Promise<AddressInfo> {
  server.listen(to.port, to.host);
  // Rejects when the port is taken: the front door says so in words.
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

function refuseWhileStopping(outgoing: ServerResponse): void {
  outgoing.writeHead(503, {
    'content-type': JSON_TYPE,
    'retry-after': String(RETRY_AFTER_STOP_SECONDS),
    connection: 'close',
  });
  outgoing.end(flatError(503, 'application_error', 'The service is stopping; ask again in a moment'));
}

/** What is so broken that no request came of it still gets the one error body (wire contract, section 2). */
function answerClientError(cause: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || cause.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason, message] = clientError(cause.code);
  const body = flatError(status, 'validation_error', message);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: ${JSON_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
}

/** What HTTP allows and a URL cannot be made of: no `Host`, an impossible one, `OPTIONS *`. */
function answerNoRequest(cause: unknown): Response {
  const isTheirs = cause instanceof Error && cause.name === 'RequestError';
  const [status, name] = isTheirs ? [400, 'validation_error'] : [500, 'application_error'];
  const message = isTheirs ? 'This is not an HTTP request' : 'Something went wrong on our side.';
  return new Response(flatError(status, name, message), {
    status,
    headers: { 'content-type': JSON_TYPE },
  });
}

/** RFC 9110 §10.1.1: an expectation other than 100-continue. */
function refuseExpectation(_incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(417, { 'content-type': JSON_TYPE, connection: 'close' });
  outgoing.end(flatError(417, 'validation_error', 'Only `Expect: 100-continue` is understood'));
}

function clientError(code: string | undefined): readonly [status: number, reason: string, message: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'Request Timeout', 'The request came too slowly'];
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'Request Header Fields Too Large', `Headers are at most ${MAX_HEADER_BYTES} bytes`];
    default:
      return [400, 'Bad Request', 'This is not an HTTP request'];
  }
}

function flatError(statusCode: number, name: string, message: string): string {
  return JSON.stringify({ statusCode, name, message });
}
