import { join } from 'node:path';
import { ALTERNATIVE_5K } from './mails.ts';
import { type Report, type Scale, told } from './report.ts';
import { interleaved, type Measure, type Medians } from './rounds.ts';
import { forked } from './support/children.ts';
import { type Client, openClient } from './support/client.ts';
import { type HttpProgram, rivalPackage, startHaraka } from './support/haraka.ts';
import { startService } from './support/service.ts';
import { openSink, type Sink } from './support/sink.ts';

const CLIENTS = 20;
const CONNECTIONS = 5;
const ARRIVES_WITHIN_MS = 120_000;
const BODY = JSON.stringify(ALTERNATIVE_5K);

type Program = Pick<HttpProgram, 'port' | 'stop' | 'child'> & {
  readonly headers?: Readonly<Record<string, string>>;
};

/** From the first POST to the arrival of the last mail. */
export async function endToEnd({ isShort, rounds }: Scale): Promise<Report> {
  const count = isShort ? 600 : 2_000;
  const [client, sink] = [await openClient(), await openSink()];
  const missing: string[] = [];
  try {
    const fresh =
      (start: () => Promise<Program | null>): Measure =>
      async () => {
        const program = await start();
        if (program === null) return null;
        try {
          return await measure(program, { client, sink, count });
        } finally {
          await program.stop();
        }
      };
    const needs = (name: string): string | null => {
      const found = rivalPackage(name);
      if (found === null && !missing.includes(name)) missing.push(name);
      return found;
    };
    const medians = await interleaved(
      rounds,
      {
        ours: fresh(() =>
          startService({ relayUrl: `smtp://127.0.0.1:${sink.port}?tls=none&connections=${CONNECTIONS}` }),
        ),
        express: fresh(async () => (needs('express') === null ? null : rival('express.ts', sink))),
        queue: fresh(() => rival('queue.ts', sink)),
        haraka: fresh(async () => {
          const found = needs('Haraka');
          return found === null ? null : startHaraka({ package: found, sinkPort: sink.port });
        }),
      },
      false,
    );
    return reportOf(medians, { count, sink: sink.name, missing });
  } finally {
    await Promise.all([client.child.stop(), sink.stop()]);
  }
}

async function rival(file: string, sink: Sink): Promise<Program> {
  const path = join(import.meta.dirname, 'rivals', file);
  const { child, told: port } = await forked<number>(path, [String(sink.port), String(CONNECTIONS)]);
  return { port, child, stop: child.stop };
}

async function measure(
  program: Program,
  { client, sink, count }: { readonly client: Client; readonly sink: Sink; readonly count: number },
): Promise<Readonly<Record<string, number>>> {
  const load = { path: '/emails', bodies: [BODY], port: program.port, headers: program.headers ?? {} };
  // Compilers at rest, connections open: half as many mails before the clock runs.
  const warm = Math.ceil(count / 2);
  const before = sink.taken();
  await client.run({ ...load, connections: CLIENTS, requests: warm });
  await sink.until(before + warm, ARRIVES_WITHIN_MS);
  const cpuBefore = await program.child.cpu();
  const answered = client.run({ ...load, connections: CLIENTS, requests: count });
  await sink.until(before + warm + count, ARRIVES_WITHIN_MS);
  const arrivedAt = performance.timeOrigin + performance.now();
  const { p50, p99, beganAt } = await answered;
  const cpuMs = ((await program.child.cpu()) - cpuBefore) / count;
  return { perSecond: (count * 1_000) / (arrivedAt - beganAt), p50, p99, cpuMs };
}

function reportOf(
  medians: Medians,
  facts: { readonly count: number; readonly sink: string; readonly missing: readonly string[] },
): Report {
  const value = (who: string, what: string): number => medians[who]?.[what] ?? Number.NaN;
  const over = (who: string): number => value('ours', 'perSecond') / value(who, 'perSecond');
  const row = (what: string, who: string) => ({
    what,
    values: {
      'mails/s': told(value(who, 'perSecond')),
      'p50 of the POST, ms': told(value(who, 'p50')),
      'p99 of the POST, ms': told(value(who, 'p99')),
      'CPU ms/mail': told(value(who, 'cpuMs')),
      'ours over it': told(over(who)),
    },
  });
  const isThere = (who: string): boolean => medians[who] !== undefined;
  return {
    part: 'end-to-end',
    title: 'From the POST to the relay',
    rows: [
      row('Mailwright', 'ours'),
      ...(isThere('express')
        ? [row('Express + nodemailer pool, answers after SMTP, nothing durable', 'express')]
        : []),
      row('durable queue + nodemailer pool', 'queue'),
      ...(isThere('haraka') ? [row('Haraka with an HTTP plugin, durable queue', 'haraka')] : []),
    ],
    targets: [
      ...(isThere('express')
        ? [{ target: 'over Express + nodemailer pool', is: over('express'), atLeast: 1 }]
        : []),
      ...(isThere('haraka') ? [{ target: 'over Haraka', is: over('haraka'), atLeast: 2 }] : []),
      { target: 'over the durable queue + nodemailer pool', is: over('queue'), atLeast: 3 },
      {
        target: 'p99 of the POST over that of the durable queue',
        is: value('ours', 'p99') / value('queue', 'p99'),
        atMost: 1,
      },
    ],
    notes: [
      `${facts.count} mails of 5 kB by ${CLIENTS} clients at once into ${facts.sink}, ${CONNECTIONS} connections to it (Haraka as it is set up). Each program in a fresh process, after half as many mails that are not counted.`,
      ...(facts.missing.length === 0
        ? []
        : [
            `Not installed, and so not beside us: ${facts.missing.join(', ')} (\`npm ci --prefix bench/rivals\`).`,
          ]),
    ],
  };
}
