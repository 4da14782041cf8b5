import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';

export interface Received {
  readonly id: string;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they came, which were UTF-8. */
  readonly body: string;
}

/** A small receiver on loopback that keeps what it gets, and can be taken down and brought back. */
export class Receiver {
  readonly calls: Received[] = [];
  /** What it answers. */
  status = 200;
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async up(): Promise<void> {
    const server = createServer(async (request, response) => {
      const body = await text(request);
      const headers = Object.fromEntries(
        Object.entries(request.headersDistinct).map(([name, [value = ''] = []]) => [name, value]),
      );
      const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '' } = headers;
      this.calls.push({ id, timestamp: Number(timestamp), headers, body });
      response.writeHead(this.status).end(`status ${this.status}`);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  /** Waits until this event has come that often, and answers those calls. */
  async received(id: string, times = 1): Promise<readonly Received[]> {
    const those = () => this.calls.filter((call) => call.id === id);
    await expect.poll(() => those().length, { timeout: 20_000 }).toBe(times);
    return those();
  }

  /** Waits for an event of this type that is about this mail. */
  async told(type: string, emailId: string): Promise<Received> {
    const found = () =>
      this.calls.find(({ body }) => {
        const told = JSON.parse(body);
        return told.type === type && told.data.email_id === emailId;
      });
    await expect
      .poll(() => found() !== undefined, { timeout: 20_000, message: `${type} of ${emailId}` })
      .toBe(true);
    const call = found();
    if (call === undefined) throw new Error('It was there a moment ago');
    return call;
  }
}
