import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Running } from '../support/process.ts';
import { startProcess } from '../support/process.ts';
import type { Sink } from '../support/sink.ts';
import { openSink } from '../support/sink.ts';

const KEY = 'an-operator-key-of-mine-0001';
const KILLS = 5;
const MAILS_PER_LIFE = 60;
const SENDERS = 12;

let dataDir = '';
let sink: Sink;
let living: Running | null = null;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mailwright-kill-'));
  sink = await openSink();
});
afterEach(async () => {
  await living?.end('SIGKILL', 'group');
  await sink.close();
  await rm(dataDir, { recursive: true });
});

async function start(unknownRetry: 'once' | 'never'): Promise<Running> {
  living = await startProcess({
    DATA_DIR: dataDir,
    API_KEY: KEY,
    DOMAINS: 'example.com',
    RATE_LIMIT: '0',
    UNKNOWN_RETRY: unknownRetry,
    LOG_LEVEL: 'warn',
    RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none&name=sink`,
  });
  return living;
}

/** The id of the mail when the answer was 2xx; null when there was none, because the process died. */
async function send(one: Running, number: number): Promise<string | null> {
  try {
    const answer = await fetch(`${one.url}/emails`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({
        from: 'you@example.com',
        to: `r${number}@example.org`,
        subject: `Number ${number}`,
        text: 'x',
      }),
    });
    const body = (await answer.json()) as { readonly id?: string };
    return answer.ok ? (body.id ?? null) : null;
  } catch {
    return null;
  }
}

async function get(one: Running, path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${one.url}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
  return (await answer.json()) as Record<string, unknown>;
}

async function drained(one: Running): Promise<boolean> {
  const { queue } = (await get(one, '/health')) as { readonly queue?: { readonly depth: number } };
  return queue?.depth === 0;
}

it('kill -9 in the middle of sends loses none, and sends none twice outside the window of the final dot', async () => {
  const accepted = new Map<number, string>();
  let number = 0;
  for (let life = 0; life < KILLS; life++) {
    const one = await start('never');
    // Killed by progress and not by the clock: after so many have arrived, while others are being taken and sent.
    const enough = sink.arrived.length + 8 * (life + 1);
    const killed = sink.until(() => sink.arrived.length >= enough).then(() => one.end('SIGKILL'));
    const last = number + MAILS_PER_LIFE;
    const senders = Array.from({ length: SENDERS }, async () => {
      while (number < last) {
        const mine = number++;
        const id = await send(one, mine);
        if (id !== null) accepted.set(mine, id);
      }
    });
    await Promise.all([killed, ...senders]);
  }
  const one = await start('never');
  await expect.poll(() => drained(one), { timeout: 20_000 }).toBe(true);

  const arrivals = new Map<number, number>();
  for (const { text } of sink.arrived) {
    const mine = Number(/^Subject: Number (\d+)/m.exec(text)?.[1]);
    arrivals.set(mine, (arrivals.get(mine) ?? 0) + 1);
  }
  let unknown = 0;
  for (const [mine, id] of accepted) {
    const { last_event: state } = await get(one, `/emails/${id}`);
    if (state === 'failed') unknown += 1;
    else expect([mine, state, arrivals.get(mine)]).toEqual([mine, 'sent', 1]);
  }
  expect([...arrivals].filter(([, times]) => times > 1)).toEqual([]);
  expect(accepted.size).toBeGreaterThan(50);
  // The window of the dot is as wide as the connections are many.
  expect(unknown).toBeLessThanOrEqual(KILLS * 4);
}, 60_000);
