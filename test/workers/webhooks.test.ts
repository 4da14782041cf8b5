import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test } from 'vitest';
import { Receiver } from '../journeys/receiver.ts';
import { made, read, send, Workshop } from './support/workshop.ts';

const TIME = { timeout: 120_000 };

const workshop = new Workshop();
const receiver = new Receiver();
afterEach(() => Promise.all([receiver.down(), workshop.close()]));

async function settings(): Promise<Readonly<Record<string, string>>> {
  const relay = await workshop.relay();
  const usual = await workshop.settings(`smtp://localhost:${relay.port}?tls=none`);
  return { ...usual, EGRESS_ALLOW: '127.0.0.1' };
}

test('a receiver that was down hears what happened meanwhile when it is back, signed', TIME, async () => {
  await receiver.up();
  const worker = await workshop.worker(await settings());
  const { id: hook, signing_secret: secret } = await made(worker, '/webhooks', {
    endpoint: receiver.url,
    events: ['email.sent'],
  });
  await receiver.down();
  const id = (await send(worker, 'ann@there.example')) ?? '';
  const events = async () =>
    (await read(worker, `/webhooks/${hook}/events`))['data'] as readonly { readonly status: string }[];
  await expect.poll(events, { timeout: 20_000 }).toMatchObject([{ status: 'attempting' }]);
  await receiver.up();
  const { headers, body } = await receiver.told('email.sent', id);
  expect(new Webhook(String(secret)).verify(body, { ...headers })).toMatchObject({ data: { email_id: id } });
  await expect.poll(events).toMatchObject([{ status: 'success' }]);
});

test(
  'a call that was under way when workerd was killed is made again after it, with the same id',
  TIME,
  async () => {
    const calls: string[] = [];
    let told = (): void => {};
    const first = new Promise<void>((resolve) => {
      told = resolve;
    });
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      await text(request);
      calls.push(String(request.headers['webhook-id']));
      // The first one waits for an answer for ever.
      if (calls.length > 1) response.writeHead(204).end();
      told();
    };
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    workshop.onClose(async () => {
      server.close();
      server.closeAllConnections();
    });

    const usual = await settings();
    const before = await workshop.worker(usual);
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { id: hook } = await made(before, '/webhooks', { endpoint, events: ['email.sent'] });
    await send(before, 'ann@there.example');
    await first;
    await before.kill();

    const after = await workshop.worker(usual);
    const events = async () => (await read(after, `/webhooks/${hook}/events`))['data'];
    await expect.poll(events, { timeout: 20_000 }).toMatchObject([{ status: 'success' }]);
    expect(calls).toEqual([calls[0], calls[0]]);
  },
);
