import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pool } from './relay.ts';
import { type Report, type Scale, told } from './report.ts';
import { interleaved } from './rounds.ts';
import { forked } from './support/children.ts';
import { drain, filledFolder } from './support/drain.ts';
import { openSink } from './support/sink.ts';

/** 20 ms there and back, as between two data centers. */
const EACH_WAY_MS = 10;

/** Mails over one connection to a relay that is some way off, where the number of round trips is everything. */
export async function latency({ isShort, rounds }: Scale): Promise<Report> {
  const count = isShort ? 40 : 120;
  const folder = await filledFolder(count);
  const sink = await openSink();
  const proxy = await forked<number>(join(import.meta.dirname, 'support/delay-proxy.ts'), [
    String(sink.port),
    String(EACH_WAY_MS),
  ]);
  const line = { port: proxy.told };
  try {
    const medians = await interleaved(
      rounds,
      {
        ours: async () => ({ ...(await drain({ folder, count, port: line.port, connections: 1 })) }),
        pool: () => pool(line, count, 'compose', 1),
      },
      false,
    );
    const value = (who: string): number => medians[who]?.['perSecond'] ?? Number.NaN;
    const roundTrips = (who: string): number => 1_000 / value(who) / (2 * EACH_WAY_MS);
    const row = (what: string, who: string) => ({
      what,
      values: {
        'mails/s over one connection': told(value(who)),
        'round trips a mail': told(roundTrips(who)),
      },
    });
    return {
      part: 'latency',
      title: 'A relay 20 ms away',
      rows: [row('Mailwright', 'ours'), row('nodemailer pool, composing', 'pool')],
      targets: [
        { target: 'over a nodemailer pool of one connection', is: value('ours') / value('pool'), atLeast: 1 },
      ],
      notes: [
        `${count} mails of 5 kB over one connection through a proxy that holds every byte back for ${EACH_WAY_MS} ms each way.`,
      ],
    };
  } finally {
    await Promise.all([proxy.child.stop(), sink.stop(), rm(folder, { recursive: true, force: true })]);
  }
}
