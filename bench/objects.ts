/**
 * Memory that a 25 MiB object takes on its way through each driver of this host: the highest resident size while it is put
 * from a stream, copied, or read and hashed, over the size at rest before. Each figure is from a process of its own.
 *
 *   node bench/objects.ts
 */
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectKey } from '../src/objects/key.ts';
import { s3Store } from '../src/objects/s3.ts';
import { sdkBucket } from '../src/objects/s3-sdk.ts';
import type { ObjectStore } from '../src/objects/store.ts';
import { verified } from '../src/objects/verified.ts';
import { openFolder } from '../src/platform/node/folder.ts';
import { sha256Hasher } from '../src/platform/node/hasher.ts';
import { clock } from '../src/platform/node/host.ts';
import { startS3Server } from '../test/support/s3-server.ts';

const MIB = 1024 * 1024;
const SIZE = 25 * MIB;
const SAMPLE_MS = 2;
/** A measurement that hangs is no measurement. */
const WITHIN_MS = 120_000;

const VERBS = ['put', 'copy', 'read'] as const;

interface Task {
  readonly driver: 'folder' | 's3';
  /** Where: a folder, or the endpoint of a bucket. */
  readonly place: string;
  readonly verb: (typeof VERBS)[number];
  readonly atOnce: number;
  /** Whether the SHA-256 is known before the bytes. */
  readonly announced: boolean;
}

const NOISE = randomBytes(MIB);

const [, , task] = process.argv;
if (task === undefined) await main();
else await measure(JSON.parse(task) as Task);

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  const server = await startS3Server();
  console.log('driver | verb | objects of 25 MiB at once | MiB over rest');
  for (const [driver, place] of [
    ['folder', folder],
    ['s3', server.url],
  ] as const) {
    for (const verb of VERBS) {
      for (const atOnce of [1, 10]) await inChild({ driver, place, verb, atOnce, announced: false });
    }
    await inChild({ driver, place, verb: 'put', atOnce: 1, announced: true });
  }
  await server.close();
  await rm(folder, { recursive: true });
}

/** A process of its own for each: memory that was freed is not always given back. */
async function inChild(given: Task): Promise<void> {
  const child = fork(import.meta.filename, [JSON.stringify(given)], {
    execArgv: ['--expose-gc'],
    timeout: WITHIN_MS,
  });
  await once(child, 'exit');
}

async function measure(given: Task): Promise<void> {
  const { driver, verb, atOnce, announced } = given;
  const store = open(driver, given.place);
  const key = (number: number): string => objectKey({ account: 'bench', id: `${number}` });
  const meta = { contentType: null, size: SIZE, ...(announced ? { sha256: await hashOf(SIZE) } : {}) };
  const work = async (number: number): Promise<void> => {
    if (verb === 'put') await store.put(key(number), pieces(SIZE), meta);
    if (verb === 'copy')
      await store.copy(key(number), () => objectKey({ account: 'bench', id: `c${number}` }));
    if (verb === 'read') await readThrough(store, key(number));
  };
  // Once in small: what is loaded and compiled on the way is no cost of the object.
  await store.put(key(-1), pieces(6 * MIB), { contentType: null });
  await store.copy(key(-1), () => objectKey({ account: 'bench', id: 'c-1' }));
  await readThrough(store, key(-1));
  const peak = await peakOf(() => Promise.all(Array.from({ length: atOnce }, (_, number) => work(number))));
  const label = announced ? `${verb}, hash announced` : verb;
  console.log(`${driver} | ${label} | ${atOnce} | ${(peak / MIB).toFixed(1)}`);
  process.exit(0);
}

function open(driver: Task['driver'], place: string): ObjectStore {
  if (driver === 'folder') return openFolder(place);
  return s3Store({
    bucket: sdkBucket({
      endpoint: place,
      region: 'us-east-1',
      bucket: 'mail',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
      forcePathStyle: true,
    }),
    hasher: sha256Hasher,
    now: clock.now,
    after: clock.after,
    newId: randomUUID,
  });
}

async function readThrough(store: ObjectStore, key: string): Promise<void> {
  const found = await store.get(key);
  if (found === null) throw new Error('it is not there');
  for await (const _ of verified(found.body, found.meta, sha256Hasher()));
}

async function* pieces(size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < size; at += 64 * 1024) {
    const from = at % NOISE.length;
    yield Buffer.from(NOISE.subarray(from, from + 64 * 1024));
  }
}

async function hashOf(size: number): Promise<string> {
  const hasher = sha256Hasher();
  for await (const piece of pieces(size)) hasher.update(piece);
  return hasher.digest();
}

async function peakOf(work: () => Promise<unknown>): Promise<number> {
  await settle();
  const atRest = process.memoryUsage.rss();
  let peak = atRest;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const looking = setInterval(look, SAMPLE_MS);
  await work();
  clearInterval(looking);
  look();
  return peak - atRest;
}

async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
