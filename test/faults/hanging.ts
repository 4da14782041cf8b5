import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { laneOf } from '../../src/mailroom/lane.ts';
import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { numbered, numberOf } from '../support/ledger.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import { openSink, type Sink } from '../support/sink.ts';
import { pause, waitUntil } from '../support/wait-until.ts';
import type { Report } from './figure.ts';
import { median, percentile } from './percentile.ts';
import { KEY } from './sending.ts';

const HANGING = 10;
/** What one relay may have open: so many mails hang at each. */
const CONNECTIONS = 4;
const SENDS_PER_SECOND = 20;
const ALL_WITHIN_MS = 60_000;
const MOST_RATIO = 2;

export interface HangingSize {
  readonly rounds: number;
  readonly mails: number;
}

export const HANGING_LONG: HangingSize = { rounds: 5, mails: 400 };
export const HANGING_SHORT: HangingSize = { rounds: 1, mails: 20 };

/** The 99th percentile, in milliseconds, from the call of the API. */
interface Times {
  readonly relay: number;
  readonly endpoint: number;
}

/** A healthy relay and a healthy endpoint, alone and beside ten of each that take a connection and keep silent. */
export async function hanging({ rounds, mails }: HangingSize): Promise<Report> {
  const alone: Times[] = [];
  const beside: Times[] = [];
  for (let round = 0; round < rounds; round++) {
    alone.push(await play({ mails, others: 0 }));
    beside.push(await play({ mails, others: HANGING }));
  }
  const compare = (kind: keyof Times) => {
    const of = (times: readonly Times[]): number => median(times.map((one) => one[kind]));
    return { alone: of(alone), beside: of(beside), ratio: of(beside) / of(alone) };
  };
  const [relay, endpoint] = [compare('relay'), compare('endpoint')];
  return {
    part: 'hanging',
    figures: [
      {
        figure: 'medians of the 99th percentile that are more than twice as long beside ten that hang',
        seen: [relay, endpoint].filter(({ ratio }) => ratio > MOST_RATIO).length,
        of: 2,
        unit: 'comparisons: relay and endpoint',
        atMost: 0,
      },
    ],
    facts: {
      rounds,
      'mails in each': mails,
      'relay alone, p99, ms': Math.round(relay.alone),
      'relay beside ten that hang, p99, ms': Math.round(relay.beside),
      'endpoint alone, p99, ms': Math.round(endpoint.alone),
      'endpoint beside ten that hang, p99, ms': Math.round(endpoint.beside),
      'relay, hundredths of the time alone': Math.round(100 * relay.ratio),
      'endpoint, hundredths of the time alone': Math.round(100 * endpoint.ratio),
    },
    evidence: [],
  };
}

async function play({ mails, others }: { readonly mails: number; readonly others: number }): Promise<Times> {
  const sink = await openSink();
  const relays = await Promise.all(
    Array.from({ length: others }, () => startScriptedServer({ script: { greeting: { kind: 'hang' } } })),
  );
  const heard = new Map<string, number>();
  const web = createServer((request, response) => {
    if (request.url !== '/well') return;
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      heard.set(JSON.parse(body).data.email_id, performance.now());
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  const runner = await CrashRunner.open(settingsOf(sink, relays));
  try {
    await runner.start();
    for (const path of ['/well', ...relays.map((_, number) => `/silent-${number}`)]) {
      const body = JSON.stringify({ endpoint: origin + path, events: ['email.sent'] });
      await call({ url: `${runner.url}/webhooks`, key: KEY, body });
    }
    if (others > 0) await letHang(runner, relays);
    return await measure(runner, { mails, sink, heard });
  } finally {
    await runner.close();
    web.close();
    web.closeAllConnections();
    await Promise.all([sink.close(), ...relays.map((relay) => relay.close())]);
  }
}

function settingsOf({ port }: Sink, relays: readonly ScriptedServer[]): Readonly<Record<string, string>> {
  const url = (number: number, name: string): string => `smtp://127.0.0.1:${number}?tls=none&name=${name}`;
  const hanging = relays.map((relay, number) => url(relay.port, `hanging-${number}`));
  return {
    API_KEY: KEY,
    DOMAINS: 'example.com',
    RATE_LIMIT: '0',
    EGRESS_ALLOW: '127.0.0.1',
    RELAY_URL: [url(port, 'well'), ...hanging].join(','),
  };
}

/** Gives each relay that hangs as much mail as it may have connections, as failovers would have bound it there. */
async function letHang(runner: CrashRunner, relays: readonly ScriptedServer[]): Promise<void> {
  const count = relays.length * CONNECTIONS;
  for (let number = 0; number < count; number++) {
    const body = numbered(1_000_000 + number, { scheduled_at: 'in 1 hour' });
    await call({ url: `${runner.url}/emails`, key: KEY, body });
  }
  await runner.stop();
  const file = new DatabaseSync(join(runner.dataDir, 'accounts', 'default', 'mailroom.db'));
  const rows = file.prepare('SELECT email, ordinal FROM recipients WHERE due_at IS NOT NULL').all();
  const bind = file.prepare('UPDATE recipients SET lane = ?, due_at = ? WHERE email = ? AND ordinal = ?');
  for (const [place, { email, ordinal }] of rows.entries()) {
    const lane = laneOf({ relay: `hanging-${place % relays.length}`, pinned: true, secure: false });
    bind.run(lane, runner.now(), Number(email), Number(ordinal));
  }
  file.close();
  await runner.start();
  await waitUntil(() => relays.every(({ open }) => open === CONNECTIONS), {
    withinMs: ALL_WITHIN_MS,
    what: 'every relay hangs',
  });
}

async function measure(
  runner: CrashRunner,
  {
    mails,
    sink,
    heard,
  }: { readonly mails: number; readonly sink: Sink; readonly heard: ReadonlyMap<string, number> },
): Promise<Times> {
  const begun: number[] = [];
  const ids: string[] = [];
  const since = performance.now();
  const sends: Promise<void>[] = [];
  for (let number = 0; number < mails; number++) {
    await pause(since + (number * 1000) / SENDS_PER_SECOND - performance.now());
    begun.push(performance.now());
    const send = call({ url: `${runner.url}/emails`, key: KEY, body: numbered(number) }).then((answer) => {
      ids[number] = JSON.parse(answer?.text ?? '{}').id;
    });
    sends.push(send);
  }
  await Promise.all(sends);
  await waitUntil(() => sink.arrived.length >= mails && ids.every((id) => heard.has(id)), {
    withinMs: ALL_WITHIN_MS,
    what: 'every mail and every event has come',
  });
  const relay = sink.arrived.map((arrival) => arrival.dotAt - (begun[numberOf(arrival)] ?? Number.NaN));
  const endpoint = ids.map((id, number) => (heard.get(id) ?? Number.NaN) - (begun[number] ?? Number.NaN));
  return { relay: percentile(relay, 0.99), endpoint: percentile(endpoint, 0.99) };
}
