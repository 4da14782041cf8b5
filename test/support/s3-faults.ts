import { EventEmitter, once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one request. Numbers count bytes of a body from its start. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  /** These words instead of an answer; the server never hears of it. */
  | { readonly kind: 'says'; readonly status: number; readonly text: string }
  /** As long as somebody listens, but for a limit that keeps the test alive. */
  | { readonly kind: 'endless'; readonly status: number }
  /** The server's answer with other headers; undefined: without that one. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** The connection is reset before anything is answered; the server never hears of it. */
  | { readonly kind: 'reset' }
  /** The server does what it is asked, and nobody is told. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'flip'; readonly at: number }
  /** The length of the answer fits, its second half is missing: what a broken cache does. */
  | { readonly kind: 'short' }
  /** A range is ignored, and all of what was sent before is sent again. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'cut-request'; readonly after: number }
  | { readonly kind: 'flip-request'; readonly at: number };

const ENDLESS_BYTES = 32 * 1024 * 1024;

type Matches = (asked: { readonly method: string; readonly url: string }) => boolean;

export interface FaultProxy {
  readonly url: string;
  /** Method and path of every request, in order. */
  readonly log: readonly string[];
  /** Their headers. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** The next `times` requests that match go wrong. */
  fault(fault: Fault, matches: Matches, times?: number): void;
  /** Before the next request that matches is passed on, this happens. */
  meanwhile(matches: Matches, work: () => Promise<unknown>): void;
  /** Resolves when a request stands still, as `silent` and `stall` make it. */
  stands(): Promise<void>;
  /** Resolves when no answer is under way. One whose reader holds the connection without reading stays under way. */
  idle(): Promise<void>;
  clear(): void;
  close(): Promise<void>;
}

/** Stands in front of a server of ours and does to single requests what networks do. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const log: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const events = new EventEmitter();
  let underWay = 0;
  const whole = { headers: {}, bytes: Buffer.alloc(0) };
  let stillStanding = 0;
  let before: { readonly matches: Matches; readonly work: () => Promise<unknown> }[] = [];
  let faults: { readonly fault: Fault; readonly matches: Matches; left: number }[] = [];
  const server = createServer((incoming, outgoing) => {
    underWay++;
    outgoing.once('close', () => {
      underWay--;
      events.emit('over');
    });
    const asked = { method: incoming.method ?? '', url: incoming.url ?? '' };
    log.push(`${asked.method} ${asked.url}`);
    headers.push(incoming.headers);
    const planned = faults.find(({ matches, left }) => left > 0 && matches(asked));
    if (planned !== undefined) planned.left--;
    const stands = (): void => {
      stillStanding++;
      events.emit('stands');
    };
    const earlier = before.find(({ matches }) => matches(asked));
    before = before.filter((one) => one !== earlier);
    Promise.resolve(earlier?.work())
      .then(() => pass({ incoming, outgoing, target, stands, whole }, planned?.fault ?? null))
      .catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    headers,
    fault(fault, matches, times = 1) {
      faults.push({ fault, matches, left: times });
    },
    meanwhile(matches, work) {
      before.push({ matches, work });
    },
    async stands() {
      if (stillStanding === 0) await once(events, 'stands');
      stillStanding--;
    },
    async idle() {
      while (underWay > 0) await once(events, 'over');
    },
    clear() {
      faults = [];
      before = [];
      log.length = 0;
      headers.length = 0;
      stillStanding = 0;
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Passage {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: string;
  readonly stands: () => void;
  /** The latest whole answer to a GET. */
  readonly whole: { headers: IncomingHttpHeaders; bytes: Buffer };
}

async function pass(passage: Passage, fault: Fault | null): Promise<void> {
  const { incoming, outgoing, target, stands } = passage;
  const body = Buffer.concat(await incoming.toArray());
  switch (fault?.kind) {
    case 'answer':
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
      outgoing.end(`<Error><Code>${fault.code}</Code><Message>told to</Message></Error>`);
      return;
    case 'says':
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' }).end(fault.text);
      return;
    case 'endless':
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
      await goOn(outgoing);
      stands();
      return;
    case 'reset':
      incoming.socket.resetAndDestroy();
      return;
    case 'silent':
      stands();
      return;
    case 'cut-request':
      await half(incoming, target, body.subarray(0, fault.after));
      outgoing.destroy();
      return;
    default:
      if (fault?.kind === 'flip-request') flip(body, fault.at);
      await giveBack(passage, await forwarded(incoming, { target, body }), fault);
  }
}

async function giveBack(passage: Passage, answer: IncomingMessage, fault: Fault | null): Promise<void> {
  const { incoming, outgoing, stands, whole } = passage;
  const bytes = Buffer.concat(await answer.toArray());
  const { statusCode = 0, headers } = answer;
  if (incoming.method === 'GET' && statusCode === 200) Object.assign(whole, { headers, bytes });
  switch (fault?.kind) {
    case 'whole':
      outgoing.writeHead(200, whole.headers).end(whole.bytes);
      return;
    case 'headers':
      for (const [name, value] of Object.entries({ ...headers, ...fault.headers })) {
        if (value !== undefined) outgoing.setHeader(name, value);
      }
      outgoing.writeHead(statusCode).end(bytes);
      return;
    case 'lost':
      incoming.socket.resetAndDestroy();
      return;
    case 'short':
      outgoing.writeHead(statusCode, { ...headers, 'content-length': bytes.length >> 1 });
      outgoing.end(bytes.subarray(0, bytes.length >> 1));
      return;
    case 'stall':
    case 'cut':
      outgoing.writeHead(statusCode, headers);
      outgoing.write(bytes.subarray(0, fault.after), () => {
        if (fault.kind === 'cut') outgoing.destroy();
        else stands();
      });
      return;
    default:
      if (fault?.kind === 'flip') flip(bytes, fault.at);
      outgoing.writeHead(statusCode, headers).end(bytes);
  }
}

async function goOn(outgoing: ServerResponse): Promise<void> {
  const block = Buffer.alloc(64 * 1024, ' ');
  for (let sent = 0; sent < ENDLESS_BYTES && !outgoing.destroyed; sent += block.length) {
    if (outgoing.write(block)) continue;
    const over = new AbortController();
    const { signal } = over;
    await Promise.race([once(outgoing, 'drain', { signal }), once(outgoing, 'close', { signal })]);
    over.abort();
  }
}

function flip(bytes: Buffer, at: number): void {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
}

async function forwarded(
  { method, url, headers }: IncomingMessage,
  { target, body }: { readonly target: string; readonly body: Buffer },
): Promise<IncomingMessage> {
  const onward = request(new URL(url ?? '/', target), { method, headers });
  onward.end(body);
  const [answer] = (await once(onward, 'response')) as [IncomingMessage];
  return answer;
}

/** The server sees a client that goes away in the middle of a body. */
async function half({ method, url, headers }: IncomingMessage, target: string, body: Buffer): Promise<void> {
  const onward = request(new URL(url ?? '/', target), { method, headers });
  onward.on('error', () => {});
  await new Promise<void>((resolve) => onward.write(body, () => resolve()));
  onward.destroy();
  await once(onward, 'close');
}
