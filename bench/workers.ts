import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/support/free-port.ts';
import { ALTERNATIVE_5K } from './mails.ts';
import { build, configure, firstAnswer, serve } from './plain-worker.ts';
import { type Report, type Scale, told } from './report.ts';
import { interleaved, type Medians } from './rounds.ts';
import { type Child, kept } from './support/children.ts';
import { type Client, openClient } from './support/client.ts';
import { printed } from './support/printed.ts';
import { openSink, type Sink } from './support/sink.ts';

const LIVES_AT_MOST_MS = 10 * 60_000;
const ARRIVES_WITHIN_MS = 180_000;
const CLIENTS = 32;
const CONNECTIONS = 5;
const KEY = 'a-key-for-measurements-that-is-long-enough';
const GZIPPED_KIB = 300;

interface Size {
  readonly gzippedKiB: number;
  readonly coldStartMs: number;
  readonly firstAnswerMs: number;
  readonly emptyWorkerMs: number;
}

interface Running {
  readonly port: number;
  readonly child: Child;
}

/** Accepting and relaying in workerd, beside the least that a durable answer costs there. */
export async function workers({ isShort, rounds }: Scale): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  const [client, sink] = [await openClient(), await openSink()];
  const running: Running[] = [];
  const start = async (
    name: string,
    worker: Omit<Parameters<typeof configure>[1], 'port' | 'modules'>,
    config?: string,
  ) => {
    const built = join(folder, name);
    const modules = await build(built, config);
    const port = await freePort();
    const child = kept(serve(await configure(built, { ...worker, modules, port }), LIVES_AT_MOST_MS));
    running.push({ port, child });
    await firstAnswer(`http://127.0.0.1:${port}/health`);
    return { port, child };
  };
  const ours = (name: string, relayPort: number) =>
    start(name, { surroundings: { settings: settingsFor(relayPort) } });
  try {
    const away = await ours('away', await freePort());
    const relaying = await ours('relaying', sink.port);
    const bare = await start(
      'bare',
      { surroundings: { settings: {}, classes: ['Row'] } },
      join(import.meta.dirname, 'rivals/bare-worker.toml'),
    );
    const forMs = isShort ? 1_000 : 3_000;
    const medians = await interleaved(rounds, {
      ours: () => accepting(client, away, forMs),
      bare: () => accepting(client, bare, forMs),
      relaying: () => relayed(client, { ...relaying, sink, count: isShort ? 100 : 500 }),
    });
    const size = await printed<Size>('worker-size.ts');
    return reportOf(medians, size, sink.name);
  } finally {
    await Promise.all(running.map(({ child }) => child.stop()));
    await Promise.all([client.child.stop(), sink.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function settingsFor(relayPort: number): Readonly<Record<string, string>> {
  return {
    PUBLIC_URL: 'http://127.0.0.1',
    SECRET_KEY: 'a secret of thirty-two bytes or more',
    API_KEY: KEY,
    RELAY_URL: `smtp://localhost:${relayPort}?tls=none&connections=${CONNECTIONS}`,
    DOMAINS: 'shop.example',
    RATE_LIMIT: '0',
  };
}

const LOAD = {
  path: '/emails',
  headers: { authorization: `Bearer ${KEY}` },
  bodies: [JSON.stringify(ALTERNATIVE_5K)],
  connections: CLIENTS,
};

async function accepting(client: Client, { port, child }: Running, forMs: number) {
  const before = await child.cpu();
  const { requests, ms, p50, p99 } = await client.run({ ...LOAD, port, forMs });
  return { perSecond: (requests * 1_000) / ms, p50, p99, cpuMs: ((await child.cpu()) - before) / requests };
}

async function relayed(client: Client, to: Running & { readonly sink: Sink; readonly count: number }) {
  const { port, child, sink, count } = to;
  const [taken, before] = [sink.taken(), await child.cpu()];
  const answered = client.run({ ...LOAD, port, requests: count });
  await sink.until(taken + count, ARRIVES_WITHIN_MS);
  const arrivedAt = performance.timeOrigin + performance.now();
  const { beganAt, p50, p99 } = await answered;
  return {
    perSecond: (count * 1_000) / (arrivedAt - beganAt),
    p50,
    p99,
    cpuMs: ((await child.cpu()) - before) / count,
  };
}

function reportOf(medians: Medians, size: Size, sinkName: string): Report {
  const value = (who: string, what: string): number => medians[who]?.[what] ?? Number.NaN;
  const row = (what: string, who: string) => ({
    what,
    values: {
      'per second': told(value(who, 'perSecond')),
      'p50 ms': told(value(who, 'p50')),
      'p99 ms': told(value(who, 'p99')),
      'CPU ms each': told(value(who, 'cpuMs')),
    },
  });
  const only = (what: string, is: number) => ({ what, values: { 'per second': null, value: told(is) } });
  return {
    part: 'workers',
    title: 'On Workers',
    rows: [
      row(`accepting, ${CLIENTS} connections`, 'ours'),
      row('a bare Worker with one row in a Durable Object', 'bare'),
      row(`from the POST to the relay, ${CONNECTIONS} connections`, 'relaying'),
      only('weight, gzipped KiB', size.gzippedKiB),
      only('cold start over an empty Worker, ms', size.coldStartMs),
    ],
    targets: [
      { target: 'weight, gzipped KiB', is: size.gzippedKiB, atMost: GZIPPED_KIB },
      {
        target: 'accepting: share of the bare Worker',
        is: value('ours', 'perSecond') / value('bare', 'perSecond'),
        atLeast: 0.5,
      },
    ],
    notes: [
      `workerd as wrangler brings it along, one process for each Worker; mails of 5 kB, into ${sinkName}. A mailroom is one Durable Object, and so is the bare Worker's row.`,
    ],
  };
}
