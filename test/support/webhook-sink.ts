import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** How a receiver fails: by 500, by a reset, by silence, by an answer that comes byte by byte and never ends. */
export const MISCHIEFS = ['error', 'reset', 'hang', 'drip'] as const;
export type Mischief = (typeof MISCHIEFS)[number];

/** One event at one endpoint. */
export interface Heard {
  readonly endpoint: string;
  readonly id: string;
  readonly body: string;
  readonly type: string;
  /** The mail that it is about. */
  readonly emailId: string;
  /** Calls that came whole and verified. */
  calls: number;
  /** Calls that were answered by 2xx. */
  taken: number;
  /** Calls that came after the first of these. */
  repeats: number;
  /** Calls that were failed since the last that was not. */
  failedInARow: number;
}

export interface WebhookSinkOptions {
  /** The secret of an endpoint, or null while it is not known. */
  readonly secretOf: (endpoint: string) => string | null;
  /** What the next call gets instead of 204; null for 204. */
  readonly fail: (event: Heard) => Mischief | null;
  /** The sender's time: what it signs is not older, nor newer, than the standard allows. */
  readonly now: () => number;
}

/** Receivers on loopback that verify with the published library, fail on purpose, and keep the books. */
export class WebhookSink {
  /** By endpoint and id. */
  readonly events = new Map<string, Heard>();
  /** Calls that came whole. */
  calls = 0;
  /** When the last of them came, by `performance.now()`. */
  lastCallAt = 0;
  /** Calls that no published verifier takes; answered by 401. */
  unsigned = 0;
  /** Events that came a second time with other bytes under the same id. */
  readonly altered: string[] = [];
  readonly failed: Record<Mischief, number> = { error: 0, reset: 0, hang: 0, drip: 0 };
  readonly #options: WebhookSinkOptions;
  readonly #server = createServer((request, response) => this.#hear(request, response));

  private constructor(options: WebhookSinkOptions) {
    this.#options = options;
  }

  static async open(options: WebhookSinkOptions): Promise<WebhookSink> {
    const sink = new WebhookSink(options);
    sink.#server.listen(0, '127.0.0.1');
    await once(sink.#server, 'listening');
    return sink;
  }

  url(endpoint: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${endpoint}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #hear(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    // A caller that dies in the middle of its call leaves an error; such a call is none.
    for (const stream of [request, response]) stream.on('error', () => {});
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      if (!request.complete || request.socket.destroyed) return;
      this.#answer(request, body, response);
    });
  }

  #answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    this.calls += 1;
    this.lastCallAt = performance.now();
    const endpoint = request.url?.slice(1) ?? '';
    if (!this.#verifies(endpoint, request, body)) {
      this.unsigned += 1;
      response.writeHead(401).end();
      return;
    }
    const event = this.#eventOf(endpoint, String(request.headers['webhook-id']), body);
    event.calls += 1;
    if (event.taken > 0) event.repeats += 1;
    if (event.body !== body) this.altered.push(event.id);
    const mischief = this.#options.fail(event);
    if (mischief === null) {
      event.taken += 1;
      event.failedInARow = 0;
      response.writeHead(204).end();
      return;
    }
    event.failedInARow += 1;
    this.failed[mischief] += 1;
    misbehave(mischief, request, response);
  }

  #verifies(endpoint: string, { headers }: IncomingMessage, body: string): boolean {
    const secret = this.#options.secretOf(endpoint);
    if (secret === null) return false;
    const families = ['webhook', 'svix'].map((family) =>
      ['id', 'timestamp', 'signature'].map((part) => String(headers[`${family}-${part}`])),
    );
    const [[id = '', timestamp = '', signature = ''] = [], other = []] = families;
    if (other.join() !== [id, timestamp, signature].join()) return false;
    const signed = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    return atTime(this.#options.now(), () => {
      try {
        new Webhook(secret).verify(body, signed);
        return true;
      } catch {
        return false;
      }
    });
  }

  #eventOf(endpoint: string, id: string, body: string): Heard {
    const key = `${endpoint} ${id}`;
    const { type, data } = JSON.parse(body);
    const fresh = { calls: 0, taken: 0, repeats: 0, failedInARow: 0 };
    const event = this.events.get(key) ?? { endpoint, id, body, type, emailId: data.email_id, ...fresh };
    this.events.set(key, event);
    return event;
  }
}

/** The published verifier reads the clock itself, so it is shown another one while it works. */
function atTime<T>(now: number, work: () => T): T {
  const { now: real } = Date;
  Date.now = () => now;
  try {
    return work();
  } finally {
    Date.now = real;
  }
}

const DRIP_EVERY_MS = 20;

function misbehave(mischief: Mischief, request: IncomingMessage, response: ServerResponse): void {
  switch (mischief) {
    case 'error':
      response.writeHead(500).end('Not today');
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'drip': {
      response.writeHead(200).write('s');
      const timer = setInterval(() => response.write('l'), DRIP_EVERY_MS);
      response.on('close', () => clearInterval(timer));
      return;
    }
  }
}
