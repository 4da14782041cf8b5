import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { forgetPeak, memoryOf } from '../test/support/usage.ts';
import { median, type Report, type Row, type Scale, type Target, told } from './report.ts';
import { printed } from './support/printed.ts';
import { type Service, startService } from './support/service.ts';
import { openSink, type Sink } from './support/sink.ts';

const MIB = 1024 * 1024;
const FILE_BYTES = 25 * MIB;
const SMALL_BYTES = MIB;
const RESTS_FOR_MS = 500;
const ARRIVES_WITHIN_MS = 120_000;

interface Case {
  readonly name: string;
  readonly limitMiB: number;
  readonly send: (call: { readonly service: Service; readonly file: Buffer }) => Promise<number>;
}

/** Each answers how many mails must arrive. */
const CASES: readonly Case[] = [
  {
    name: 'one file of 25 MiB by upload',
    limitMiB: 40,
    send: async (call) => {
      await sendUploaded(call);
      return 1;
    },
  },
  {
    name: 'ten files of 25 MiB by upload, at once',
    limitMiB: 120,
    send: async (call) => {
      await Promise.all(Array.from({ length: 10 }, () => sendUploaded(call)));
      return 10;
    },
  },
  {
    name: 'one file of 25 MiB in the JSON',
    limitMiB: 100,
    send: async (call) => {
      await sendInline(call);
      return 1;
    },
  },
];

interface Kept {
  readonly name: string;
  readonly limit: number;
  readonly overRestMiB: number;
}
interface OutFigures {
  readonly results: readonly (Kept & { readonly driver: string })[];
}
interface WorkerFigures {
  readonly results: readonly (Kept & { readonly store: string })[];
}

/** The most memory that a process takes over its size at rest. */
export async function memory({ isShort, rounds }: Scale): Promise<Report> {
  const sink = await openSink();
  const cases = isShort ? CASES.filter(({ limitMiB }) => limitMiB !== 120) : CASES;
  const seen = new Map<Case, number[]>();
  try {
    const repeats = isShort ? 1 : Math.min(rounds, 5);
    for (let round = 0; round < repeats; round += 1)
      for (const one of cases) seen.set(one, [...(seen.get(one) ?? []), await measure(one, sink)]);
  } finally {
    await sink.stop();
  }
  const short = isShort ? ['--short'] : [];
  const out = await printed<OutFigures>('attachment-memory.ts', short);
  const worker = await printed<WorkerFigures>('worker-memory.ts', short);
  const figures = [
    ...cases.map((one) => ({
      what: `Node, from the request to the relay: ${one.name}`,
      is: median(seen.get(one) ?? []),
      limit: one.limitMiB,
    })),
    ...out.results.map(({ name, driver, overRestMiB, limit }) => ({
      what: `Node, from ${driver === 's3' ? 'a bucket' : 'a folder'} to the relay: ${name}`,
      is: overRestMiB,
      limit,
    })),
    ...worker.results.map(({ name, store, overRestMiB, limit }) => ({
      what: `workerd, upload and relay, ${store}: ${name}`,
      is: overRestMiB,
      limit,
    })),
  ];
  return {
    part: 'memory',
    title: 'Memory',
    rows: figures.map(({ what, is }): Row => ({ what, values: { 'MiB over rest': told(is) } })),
    targets: figures.map(({ what, is, limit }): Target => ({ target: `${what}, MiB`, is, atMost: limit })),
    notes: [
      'Highest resident size of the process over the size at rest, after one mail with a small file. Relay and bucket are processes of their own. The last two kinds are `bench/attachment-memory.ts` and `bench/worker-memory.ts`.',
      'Four times the size of a file of 25 MiB is 100 MiB.',
    ],
  };
}

async function measure({ send }: Case, sink: Sink): Promise<number> {
  const service = await startService({ relayUrl: `smtp://127.0.0.1:${sink.port}?tls=none&connections=10` });
  try {
    // All the code is loaded by then, and has run once.
    let expected = sink.taken() + 2;
    await sendUploaded({ service, file: randomBytes(SMALL_BYTES) });
    await sendInline({ service, file: randomBytes(SMALL_BYTES) });
    await sink.until(expected, ARRIVES_WITHIN_MS);
    await pause(RESTS_FOR_MS);
    const { resident: rest } = await memoryOf(service.child.pid);
    await forgetPeak(service.child.pid);
    expected = sink.taken();
    expected += await send({ service, file: randomBytes(FILE_BYTES) });
    await sink.until(expected, ARRIVES_WITHIN_MS);
    const { peak } = await memoryOf(service.child.pid);
    return (peak - rest) / MIB;
  } finally {
    await service.stop();
  }
}

async function sendUploaded({
  service,
  file,
}: {
  readonly service: Service;
  readonly file: Buffer;
}): Promise<void> {
  const begun = await post(service, '/uploads', { filename: 'file.bin', size: file.length });
  const put = await fetch(String(begun['upload_url']), {
    method: 'PUT',
    headers: begun['headers'] as Record<string, string>,
    body: file,
  });
  if (!put.ok) throw new Error(`upload: ${put.status} ${await put.text()}`);
  await put.body?.cancel();
  await post(service, '/emails', { ...MAIL, attachments: [{ upload_id: begun['id'] }] });
}

async function sendInline({
  service,
  file,
}: {
  readonly service: Service;
  readonly file: Buffer;
}): Promise<void> {
  const content = file.toString('base64');
  await post(service, '/emails', { ...MAIL, attachments: [{ filename: 'file.bin', content }] });
}

const MAIL = {
  from: 'orders@shop.example',
  to: 'ada@customer.example',
  subject: 'A file',
  text: 'Here it is.',
};

async function post(
  { port, headers }: Service,
  path: string,
  body: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
