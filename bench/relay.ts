import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Report, rounded, type Scale, told } from './report.ts';
import { interleaved, type Medians } from './rounds.ts';
import { forked, spawned } from './support/children.ts';
import { drain, filledFolder } from './support/drain.ts';
import { sharesOf } from './support/shares.ts';
import { openSink, type Sink, SMTP_SOURCE } from './support/sink.ts';

const CONNECTIONS = 5;
/** As smtp-source makes it: as many bytes of body as our mail has in all. */
const BODY_BYTES = '5000';

/** Draining accepted mails into a sink, beside programs that have nothing to write down. */
export async function relay({ isShort, rounds }: Scale): Promise<Report> {
  const count = isShort ? 1_500 : 5_000;
  const folder = await filledFolder(count);
  const sink = await openSink();
  const ours = { folder, count, port: sink.port, connections: CONNECTIONS };
  try {
    const medians = await interleaved(rounds, {
      ours: async () => ({ ...(await drain(ours)) }),
      composing: () => pool(sink, count, 'compose'),
      ready: () => pool(sink, count, 'bytes'),
      source: () => source(sink, count),
    });
    const shares = await sharesOf((nodeOptions) => drain({ ...ours, nodeOptions }));
    return reportOf(medians, { count, sink: sink.name, shares });
  } finally {
    await Promise.all([sink.stop(), rm(folder, { recursive: true, force: true })]);
  }
}

/** A nodemailer pool in a process of its own. */
export async function pool(
  sink: { readonly port: number },
  count: number,
  how: 'compose' | 'bytes',
  connections: number = CONNECTIONS,
): Promise<{ readonly perSecond: number; readonly cpuMs: number }> {
  const file = join(import.meta.dirname, 'rivals/pool.ts');
  const { child } = await forked<'ready'>(file, [sink.port, connections, count].map(String).concat(how));
  child.process.send('begin');
  const [figures] = (await once(child.process, 'message')) as [{ perSecond: number; cpuMs: number }];
  await child.stop();
  return figures;
}

async function source(sink: Sink, count: number): Promise<{ readonly perSecond: number } | null> {
  if (SMTP_SOURCE === null) return null;
  const began = performance.now();
  const child = spawned(SMTP_SOURCE, [
    ...['-s', String(CONNECTIONS), '-d', '-m', String(count), '-l', BODY_BYTES],
    ...['-f', 'orders@shop.example', '-t', 'ada@customer.example', `127.0.0.1:${sink.port}`],
  ]);
  if ((await child.ended) !== 0) throw new Error('smtp-source failed');
  return { perSecond: (count * 1_000) / (performance.now() - began) };
}

function reportOf(
  medians: Medians,
  facts: { readonly count: number; readonly sink: string; readonly shares: Readonly<Record<string, number>> },
): Report {
  const row = (what: string, who: string) => ({
    what,
    values: {
      'mails/s': told(medians[who]?.['perSecond']),
      'CPU ms/mail': told(medians[who]?.['cpuMs']),
      'of ours': told(
        (medians[who]?.['perSecond'] ?? Number.NaN) / (medians['ours']?.['perSecond'] ?? Number.NaN),
      ),
    },
  });
  const shares = Object.entries(facts.shares).toSorted(([, one], [, other]) => other - one);
  const overPool =
    (medians['ours']?.['perSecond'] ?? Number.NaN) / (medians['composing']?.['perSecond'] ?? Number.NaN);
  return {
    part: 'relay',
    title: 'Relaying',
    rows: [
      row(`Mailwright, ${facts.count} accepted mails, every step durable`, 'ours'),
      row('nodemailer pool, composing', 'composing'),
      row('nodemailer pool, ready bytes', 'ready'),
      row('smtp-source (C)', 'source'),
    ],
    targets: [{ target: 'over a nodemailer pool that composes', is: overPool, atLeast: 1 }],
    notes: [
      `Mails of 5 kB, text and html, over ${CONNECTIONS} connections into ${facts.sink}; every program in a fresh process, its first fifth not counted.`,
      `Where our time goes, by samples of the stack: ${shares.map(([share, part]) => `${share} ${rounded(part * 100)} %`).join(', ')}.`,
    ],
  };
}
