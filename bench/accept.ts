import { join } from 'node:path';
import { freePort } from '../test/support/free-port.ts';
import { ALTERNATIVE_5K, type Mail, TEXT_1K } from './mails.ts';
import { type Report, type Row, type Scale, told } from './report.ts';
import { interleaved, type Measure, type Medians } from './rounds.ts';
import { forked } from './support/children.ts';
import { openClient } from './support/client.ts';
import { startService } from './support/service.ts';

const BATCH = 100;
const MANY = 32;

interface Kind {
  readonly name: string;
  readonly path: string;
  readonly mail: Mail;
  readonly mails: number;
  readonly connections: number;
}

function kindsOf(isShort: boolean): readonly Kind[] {
  const connections = isShort ? [1, MANY] : [1, MANY, 128];
  const singles = [TEXT_1K, ALTERNATIVE_5K].flatMap((mail) =>
    connections.map((count) => ({
      name: `single, ${mail === TEXT_1K ? '1 kB text' : '5 kB text and html'}, ${count} connections`,
      path: '/emails',
      mail,
      mails: 1,
      connections: count,
    })),
  );
  const batch = { path: '/emails/batch', mail: TEXT_1K, mails: BATCH };
  return [
    ...singles,
    { ...batch, name: `batch of ${BATCH}, 1 kB text, 1 connections`, connections: 1 },
    { ...batch, name: `batch of ${BATCH}, 1 kB text, ${MANY} connections`, connections: MANY },
  ];
}

/** POSTs that are durable and answered, beside the least that a durable answer costs. The relay is away: nothing is sent. */
export async function accept({ isShort, rounds }: Scale): Promise<Report> {
  const forMs = isShort ? 700 : 2_000;
  const kinds = kindsOf(isShort);
  const client = await openClient();
  const service = await startService({ relayUrl: `smtp://127.0.0.1:${await freePort()}?tls=none` });
  const floor = await forked<number>(join(import.meta.dirname, 'rivals/floor.ts'));
  try {
    const results = new Map<string, Medians>();
    for (const kind of kinds) {
      const body = JSON.stringify(
        kind.mails === 1 ? kind.mail : Array.from({ length: kind.mails }, () => kind.mail),
      );
      const load = { path: kind.path, bodies: [body], connections: kind.connections, forMs };
      const measure =
        (
          to: { port: number; headers: Readonly<Record<string, string>> },
          child: typeof service.child | typeof floor.child,
        ): Measure =>
        async () => {
          const before = await child.cpu();
          const { requests, ms, p50, p99 } = await client.run({ ...load, ...to });
          const mails = requests * kind.mails;
          const cpuMs = ((await child.cpu()) - before) / mails;
          return { perSecond: (mails * 1_000) / ms, p50, p99, cpuMs };
        };
      results.set(
        kind.name,
        await interleaved(rounds, {
          ours: measure({ port: service.port, headers: service.headers }, service.child),
          floor: measure({ port: floor.told, headers: {} }, floor.child),
        }),
      );
    }
    return reportOf(kinds, results);
  } finally {
    await Promise.all([service.stop(), floor.child.stop(), client.child.stop()]);
  }
}

function reportOf(kinds: readonly Kind[], results: ReadonlyMap<string, Medians>): Report {
  const value = (kind: string, who: string, what: string): number =>
    results.get(kind)?.[who]?.[what] ?? Number.NaN;
  const rows = kinds.map(
    ({ name }): Row => ({
      what: name,
      values: {
        'mails/s': told(value(name, 'ours', 'perSecond')),
        'floor mails/s': told(value(name, 'floor', 'perSecond')),
        'of the floor': told(value(name, 'ours', 'perSecond') / value(name, 'floor', 'perSecond')),
        'p50 ms': told(value(name, 'ours', 'p50')),
        'p99 ms': told(value(name, 'ours', 'p99')),
        'floor p99 ms': told(value(name, 'floor', 'p99')),
        'CPU ms/mail': told(value(name, 'ours', 'cpuMs')),
        'floor CPU ms/mail': told(value(name, 'floor', 'cpuMs')),
      },
    }),
  );
  const ofFloor = (name: string): number =>
    value(name, 'ours', 'perSecond') / value(name, 'floor', 'perSecond');
  const single = `single, 1 kB text, ${MANY} connections`;
  const larger = `single, 5 kB text and html, ${MANY} connections`;
  const batch = `batch of ${BATCH}, 1 kB text, ${MANY} connections`;
  return {
    part: 'accept',
    title: 'Accepting',
    rows,
    targets: [
      { target: `${single}: share of the floor`, is: ofFloor(single), atLeast: 0.5 },
      { target: `${larger}: share of the floor`, is: ofFloor(larger), atLeast: 0.5 },
      { target: `${batch}: share of the floor`, is: ofFloor(batch), atLeast: 0.5 },
      {
        target: 'a mail in a batch of 100 over a single one (32 connections, 1 kB)',
        is: value(batch, 'ours', 'perSecond') / value(single, 'ours', 'perSecond'),
        atLeast: 4,
      },
    ],
    notes: [
      'The floor is `bench/rivals/floor.ts`: Hono, Zod and one SQLite row for each mail, synchronous=FULL, requests that wait share a commit.',
      'Client, service and floor are processes of their own. The relay is away, so that only accepting is measured.',
    ],
  };
}
