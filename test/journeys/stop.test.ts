import { readFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Place } from '../support/place.ts';
import type { Running } from '../support/process.ts';
import type { Sink } from '../support/sink.ts';
import { openSink } from '../support/sink.ts';

const KEY = 'an-operator-key-of-mine-0001';
const MAIL = { from: 'You <you@example.com>', to: 'friend@example.org', subject: 'Hello', text: 'It works.' };

/** Polled until it is so; on a busy machine that may take a while. */
const SOON = { timeout: 10_000 };

let place: Place;
let sink: Sink;
beforeEach(async () => {
  place = await Place.open();
  sink = await openSink();
});
afterEach(async () => {
  await place.close();
  await sink.close();
});

function start(how: 'node' | 'npm' = 'node', port = sink.port): Promise<Running> {
  const settings = {
    API_KEY: KEY,
    DOMAINS: 'example.com',
    RELAY_URL: `smtp://127.0.0.1:${port}?tls=none&name=sink`,
  };
  return place.start(settings, how);
}

async function send(one: Running): Promise<string> {
  const answer = await fetch(`${one.url}/emails`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify(MAIL),
  });
  return ((await answer.json()) as { id: string }).id;
}

interface Answer {
  readonly last_event?: string;
  readonly data?: readonly { readonly type: string; readonly attempt: number }[];
}

async function read(one: Running, path: string): Promise<Answer> {
  const answer = await fetch(`${one.url}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
  return (await answer.json()) as Answer;
}

async function timed<T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const since = performance.now();
  const value = await work;
  return { value, ms: performance.now() - since };
}

/** The node process below npm. */
function below(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const [child] = children;
  if (child === undefined || child === 0) return pid;
  return below(child);
}

describe('SIGTERM', () => {
  it.each(['npm', 'process', 'group'] as const)(
    'to %s, below npm start, ends with 0 in 10 s',
    async (whom) => {
      const one = await start('npm');
      const id = await send(one);
      await sink.until(() => sink.arrived.length === 1);
      const pid = one.child.pid ?? 0;
      const { value, ms } = await timed(
        whom === 'process'
          ? endBelow(one, below(pid))
          : one.end('SIGTERM', whom === 'group' ? 'group' : 'process'),
      );
      expect(value).toBe(0);
      expect(ms).toBeLessThan(10_000);
      expect(one.stderr()).toContain('"event":"stopped"');
      const again = await start();
      await expect.poll(async () => (await read(again, `/emails/${id}`)).last_event, SOON).toBe('sent');
      expect(sink.arrived).toHaveLength(1);
    },
  );

  it('mail whose dot was sent is waited for, and settled as it is answered', async () => {
    const one = await start();
    const answered = Promise.withResolvers<void>();
    sink.onMessage = () => answered.promise;
    const id = await send(one);
    await sink.until(() => sink.arrived.length === 1);
    const ended = one.end('SIGTERM');
    await expect.poll(() => one.stderr(), SOON).toContain('"event":"stopping"');
    answered.resolve();
    expect(await ended).toBe(0);
    const again = await start();
    expect((await read(again, `/emails/${id}`)).last_event).toBe('sent');
  });

  it('mail that gets no answer to its dot in the time is unknown, and is not sent again by the next start', async () => {
    const one = await start();
    sink.onMessage = () => new Promise(() => {});
    const id = await send(one);
    await sink.until(() => sink.arrived.length === 1);
    const { value, ms } = await timed(one.end('SIGTERM'));
    expect(value).toBe(0);
    expect(ms).toBeGreaterThan(5_000);
    expect(ms).toBeLessThan(10_000);
    sink.onMessage = async () => {};
    const again = await start();
    const other = await send(again);
    await expect.poll(async () => (await read(again, `/emails/${other}`)).last_event, SOON).toBe('sent');
    expect((await read(again, `/emails/${id}`)).last_event).toBe('delivery_delayed');
    expect(sink.arrived).toHaveLength(2);
  });

  it('mail that has not reached its dot is put back, uncounted, and goes out at the next start', async () => {
    const silent = await openSilent();
    const one = await start('node', silent.port);
    const id = await send(one);
    await silent.connected;
    const { value, ms } = await timed(one.end('SIGTERM'));
    silent.close();
    expect(value).toBe(0);
    expect(ms).toBeLessThan(5_000);
    const again = await start();
    await sink.until(() => sink.arrived.length === 1);
    await expect.poll(async () => (await read(again, `/emails/${id}`)).last_event, SOON).toBe('sent');
    const { data: events = [] } = await read(again, `/emails/${id}/events`);
    expect(events.find(({ type }) => type === 'email.sent')?.attempt).toBe(1);
  });

  it('a second signal within two seconds changes nothing, a later one ends the process at once', async () => {
    const one = await start();
    sink.onMessage = () => new Promise(() => {});
    await send(one);
    await sink.until(() => sink.arrived.length === 1);
    const since = performance.now();
    const ended = one.end('SIGTERM');
    await expect.poll(() => one.stderr(), SOON).toContain('"event":"stopping"');
    one.child.kill('SIGTERM');
    const refused = await fetch(`${one.url}/emails`, { method: 'POST', body: '{}' }).catch(() => null);
    expect(refused?.status).toBe(503);
    await expect.poll(() => performance.now() - since, SOON).toBeGreaterThan(2_100);
    expect(one.child.exitCode).toBeNull();
    one.child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(performance.now() - since).toBeLessThan(5_000);
  });
});

function endBelow(one: Running, pid: number): Promise<number | NodeJS.Signals | null> {
  process.kill(pid, 'SIGTERM');
  // Signal 0 only asks whether it is there; the end is waited for.
  return one.end(0 as unknown as NodeJS.Signals);
}

/** A server that takes a connection and never says a word. */
async function openSilent(): Promise<{
  readonly port: number;
  readonly connected: Promise<void>;
  readonly close: () => void;
}> {
  const connected = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
    connected.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connected: connected.promise,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
