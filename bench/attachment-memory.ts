/**
 * Memory that attachments take on their way out: the highest resident size of the process that relays them over the size at
 * rest before, for one message with a file of 25 MiB, for ten of them at once, and for one with the largest that fits, from a
 * folder and from a bucket. Relay and bucket are other processes. Each figure is from a process of its own.
 *
 *   node bench/attachment-memory.ts [--json] [--short]
 */
import { fork } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clerk } from '../src/clerk/clerk.ts';
import type { AttachmentRecord } from '../src/mailroom/attachment-records.ts';
import type { NewEmail } from '../src/mailroom/records.ts';
import { compose } from '../src/mime/compose.ts';
import { objectKey } from '../src/objects/key.ts';
import { s3Store } from '../src/objects/s3.ts';
import type { S3Settings } from '../src/objects/s3-requests.ts';
import { sdkBucket } from '../src/objects/s3-sdk.ts';
import type { ObjectStore } from '../src/objects/store.ts';
import { openAccounts } from '../src/platform/node/accounts.ts';
import { openFolder } from '../src/platform/node/folder.ts';
import { sha256Hasher } from '../src/platform/node/hasher.ts';
import { clerkHost, clock } from '../src/platform/node/host.ts';
import { createOpenSocket, relayTls } from '../src/platform/node/socket.ts';
import { NODE_WAITS } from '../src/relay/patience.ts';
import { createRelay } from '../src/relay/pool.ts';
import { createSmtpConnect } from '../src/relay/smtp.ts';
import { ROOM_CONFIG } from '../test/support/room-config.ts';
import { startS3Server } from '../test/support/s3-server.ts';

const MIB = 1024 * 1024;
const SAMPLE_MS = 2;
/** A measurement that hangs is no measurement. */
const WITHIN_MS = 120_000;

interface Case {
  readonly name: string;
  readonly driver: 'folder' | 's3';
  readonly files: number;
  readonly megabytes: number;
  /** MiB over rest. */
  readonly limit: number;
}

/** 29 MiB are 39.7 MiB in base64: the most that a message of 40 MiB holds. */
const CASES: readonly Case[] = (['folder', 's3'] as const).flatMap((driver) => [
  { name: 'one file of 25 MiB', driver, files: 1, megabytes: 25, limit: 40 },
  { name: 'ten files of 25 MiB at once', driver, files: 10, megabytes: 25, limit: 120 },
  { name: 'one file of 29 MiB', driver, files: 1, megabytes: 29, limit: 40 },
]);

interface Figures {
  readonly restMiB: number;
  readonly peakMiB: number;
  readonly afterMiB: number;
  readonly milliseconds: number;
}

const [, , role, task = ''] = process.argv;
if (role === 'subject') await subject(JSON.parse(task) as Task);
else await main(process.argv.includes('--json'));

/** Where objects are. */
type Place = { readonly folder: string } | { readonly bucket: S3Settings };

interface Task {
  readonly port: number;
  readonly folder: string;
  readonly place: Place;
  /** Stored before: what is left of that in memory would be no cost of a later message, and hide some. */
  readonly small: AttachmentRecord;
  readonly large: readonly AttachmentRecord[];
}

async function main(json: boolean): Promise<void> {
  const results: (Case & Figures & { readonly overRestMiB: number })[] = [];
  for (const one of process.argv.includes('--short') ? CASES.slice(0, 1) : CASES) {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
    const sink = fork(join(import.meta.dirname, 'swallowing-relay.ts'), { timeout: WITHIN_MS });
    const [port] = (await once(sink, 'message')) as [number];
    const bucket = one.driver === 's3' ? await startS3Server() : null;
    const place: Place = bucket === null ? { folder: join(folder, 'objects') } : { bucket: bucket.settings };
    const small = await store(place, 2 * MIB);
    const large: AttachmentRecord[] = [];
    while (large.length < one.files) large.push(await store(place, one.megabytes * MIB));
    const given: Task = { port, folder, place, small, large };
    const child = fork(import.meta.filename, ['subject', JSON.stringify(given)], {
      execArgv: ['--expose-gc'],
      timeout: WITHIN_MS,
    });
    const [figures] = (await once(child, 'message')) as [Figures];
    await once(child, 'exit');
    sink.kill();
    await bucket?.close();
    await rm(folder, { recursive: true });
    results.push({ ...one, ...figures, overRestMiB: rounded(figures.peakMiB - figures.restMiB) });
  }
  if (json) console.log(JSON.stringify({ bench: 'attachment-memory', host: 'node', results }));
  else print(results);
}

function print(results: readonly (Case & Figures & { readonly overRestMiB: number })[]): void {
  console.log(
    '| message | objects in | at rest MiB | peak MiB | over rest MiB | limit MiB | after MiB | seconds |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const { name, driver, restMiB, peakMiB, overRestMiB, limit, afterMiB, milliseconds } of results) {
    const seconds = (milliseconds / 1000).toFixed(1);
    console.log(
      `| ${name} | ${driver} | ${restMiB} | ${peakMiB} | ${overRestMiB} | ${limit} | ${afterMiB} | ${seconds} |`,
    );
  }
}

async function subject(given: Task): Promise<void> {
  const { folder, place, port, small, large } = given;
  const accounts = openAccounts({
    dataDir: folder,
    config: { ...ROOM_CONFIG, relays: ['bench'], clearRelays: ['bench'] },
    lost: (cause) => {
      throw cause;
    },
  });
  accounts.create('default');
  const objects = open(place);
  const tls = relayTls();
  const time = { now: clock.monotonic, after: clock.after };
  const connect = createSmtpConnect({
    openSocket: createOpenSocket(tls),
    tls,
    clock: time,
    waits: NODE_WAITS,
  });
  const carrier = createRelay(
    {
      name: 'bench',
      endpoints: [{ host: '127.0.0.1', port, security: 'none' }],
      credentials: null,
      connections: large.length,
      rate: null,
      ehloName: 'bench.example',
    },
    { connect, clock: time, waits: NODE_WAITS },
  );
  let settled = 0;
  let told = (): void => {};
  const host = clerkHost((line) => {
    if (line.event !== 'attempt') return;
    settled += 1;
    told();
  });
  const clerk = new Clerk({ rooms: accounts, relays: [carrier], objects, compose, host });
  await clerk.start();
  const room = await accounts.room('default');
  if (room === null) throw new Error('no room');

  const send = async (attachments: readonly AttachmentRecord[]): Promise<string> => {
    const email = newEmail(attachments);
    const door = { key: { id: null, permission: 'full_access', domain: null } } as const;
    const items = [{ kind: 'email', email }] as const;
    await room.accept({ door, mode: 'single', items, now: clock.now() });
    clerk.wake('default');
    return email.id;
  };
  const until = async (count: number): Promise<void> => {
    while (settled < count) await new Promise<void>((resolve) => (told = resolve));
  };

  // Once in small: what is loaded and compiled on the way is no cost of the file.
  await send([small]);
  await until(1);
  await rest();

  const restBytes = process.memoryUsage.rss();
  let peak = restBytes;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const looking = setInterval(look, SAMPLE_MS);
  const began = performance.now();
  const ids = await Promise.all(large.map((file) => send([file])));
  await until(1 + large.length);
  look();
  clearInterval(looking);
  const milliseconds = Math.round(performance.now() - began);
  for (const id of ids) {
    const state = (await room.email({ id }))?.recipients[0]?.state;
    if (state !== 'sent') throw new Error(`A message ended as ${state}`);
  }
  await rest();
  const figures: Figures = {
    restMiB: rounded(restBytes / MIB),
    peakMiB: rounded(peak / MIB),
    afterMiB: rounded(process.memoryUsage.rss() / MIB),
    milliseconds,
  };
  process.send?.(figures, () => process.exit(0));
}

async function store(place: Place, size: number): Promise<AttachmentRecord> {
  const noise = randomBytes(MIB);
  const hash = createHash('sha256');
  const id = randomUUID();
  const key = objectKey({ account: 'default', id });
  async function* pieces(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < size; at += MIB) {
      hash.update(noise);
      yield noise;
    }
  }
  await open(place).put(key, pieces(), { contentType: null });
  return {
    id,
    filename: 'noise.bin',
    contentType: 'application/octet-stream',
    contentId: null,
    disposition: 'attachment',
    size,
    sha256: hash.digest('hex'),
    key,
  };
}

function open(place: Place): ObjectStore {
  if ('folder' in place) return openFolder(place.folder);
  const { now, after } = clock;
  return s3Store({ bucket: sdkBucket(place.bucket), hasher: sha256Hasher, now, after, newId: randomUUID });
}

function newEmail(attachments: readonly AttachmentRecord[]): NewEmail {
  const id = randomUUID();
  const mailbox = (address: string) => ({ name: '', address, given: address });
  return {
    id,
    messageId: `<${id}@bench.example>`,
    boundary: id,
    from: mailbox('shop@bench.example'),
    sender: 'shop@bench.example',
    fromDomain: 'bench.example',
    to: [mailbox('ada@bench.example')],
    cc: null,
    bcc: null,
    replyTo: null,
    subject: 'A file',
    headers: [],
    tags: null,
    scheduledAt: null,
    tls: null,
    content: { kind: 'inline', html: null, text: 'Here it is.' },
    envelope: [{ address: 'ada@bench.example', simulation: null }],
    attachments,
    objects: [],
  };
}

async function rest(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
