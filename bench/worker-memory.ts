/**
 * Memory that one large message takes in workerd: the highest resident size of the process over its size at rest before,
 * while a file is uploaded, accepted, composed and submitted. At rest it has sent one mail with a small file before, so that all the code is there already. Bucket and relay are other
 * processes, as they are on the platform. Each figure is from a process of its own.
 *
 *   node bench/worker-memory.ts [--json] [--short]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Settings } from '../src/objects/s3-requests.ts';
import { freePort } from '../test/support/free-port.ts';
import { startS3Server } from '../test/support/s3-server.ts';
import { memoryOf } from '../test/support/usage.ts';
import { build, configure, firstAnswer, serve } from './plain-worker.ts';

const KIB = 1024;
const MIB = KIB * KIB;
/** Sent before, to have everything loaded: too little to leave memory behind for the large one. */
const SMALL_BYTES = 100 * KIB;

const SAMPLE_MS = 2;
const LOOK_EVERY_MS = 50;
/** A measurement that hangs is no measurement. */
const WITHIN_MS = 120_000;
const KEY = 'a-key-for-measurements';

interface Case {
  readonly name: string;
  readonly store: 'R2' | 'S3';
  readonly megabytes: number;
  /** MiB over rest. */
  readonly limit: number;
}

/** 29 MiB are 39.7 MiB in base64: the most that a message of 40 MiB holds. */
const CASES: readonly Case[] = (['R2', 'S3'] as const).flatMap((store) => [
  { name: 'one file of 25 MiB', store, megabytes: 25, limit: 100 },
  { name: 'one file of 29 MiB', store, megabytes: 29, limit: 100 },
]);

interface Figures {
  readonly restMiB: number;
  readonly peakMiB: number;
  readonly overRestMiB: number;
  readonly uploadSeconds: number;
  /** From the end of the upload to the relay's reply. */
  readonly sendSeconds: number;
}

const s3 = await startS3Server();
const results: (Case & Figures)[] = [];
try {
  for (const one of process.argv.includes('--short') ? CASES.slice(0, 1) : CASES)
    results.push({ ...one, ...(await measure(one)) });
} finally {
  await s3.close();
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'worker-memory', host: 'workers', results }));
} else {
  console.log('| message | store | at rest MiB | peak MiB | over rest MiB | limit MiB | upload s | send s |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const one of results) {
    const { restMiB, peakMiB, overRestMiB, uploadSeconds, sendSeconds } = one;
    const cells = [one.name, one.store, restMiB, peakMiB, overRestMiB, one.limit, uploadSeconds, sendSeconds];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function measure({ store, megabytes }: Case): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  const children: ChildProcess[] = [];
  try {
    const relayPort = await forked(children, 'swallowing-relay.ts');
    const bucketPort = await forked(children, 'bucket-outside.ts', folder);
    const built = join(folder, 'built');
    const modules = await build(built);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const settings = {
      PUBLIC_URL: url,
      SECRET_KEY: 'a secret of thirty-two bytes or more',
      API_KEY: KEY,
      RELAY_URL: `smtp://localhost:${relayPort}?tls=none`,
      DOMAINS: 'mine.example',
      RATE_LIMIT: '0',
      ...(store === 'S3' ? bucketSettings(s3.settings) : {}),
    };
    const config = await configure(built, { modules, port, surroundings: { settings, bucketPort } });
    const runtime = serve(config, WITHIN_MS);
    children.push(runtime);
    await firstAnswer(`${url}/health`);
    await sent(url, { attachments: [{ upload_id: await upload(url, SMALL_BYTES) }] });
    const pid = runtime.pid ?? 0;
    const { resident: rest } = await memoryOf(pid);
    let peak = rest;
    const sampler = setInterval(async () => {
      peak = Math.max(peak, (await memoryOf(pid)).resident);
    }, SAMPLE_MS);
    const began = performance.now();
    const id = await upload(url, megabytes * MIB);
    const uploaded = performance.now();
    await sent(url, { attachments: [{ upload_id: id }] });
    const ended = performance.now();
    clearInterval(sampler);
    return {
      restMiB: rounded(rest / MIB),
      peakMiB: rounded(peak / MIB),
      overRestMiB: rounded((peak - rest) / MIB),
      uploadSeconds: rounded((uploaded - began) / 1000),
      sendSeconds: rounded((ended - uploaded) / 1000),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts a program of this folder that tells its port. */
async function forked(children: ChildProcess[], file: string, ...args: readonly string[]): Promise<number> {
  const child = fork(join(import.meta.dirname, file), args, { timeout: WITHIN_MS });
  children.push(child);
  const [port] = (await once(child, 'message')) as [number];
  return port;
}

function bucketSettings(settings: S3Settings): Readonly<Record<string, string>> {
  return {
    S3_BUCKET: settings.bucket,
    S3_ENDPOINT: settings.endpoint ?? '',
    S3_ACCESS_KEY_ID: settings.accessKeyId,
    S3_SECRET_ACCESS_KEY: settings.secretAccessKey,
  };
}

async function upload(url: string, size: number): Promise<string> {
  const begun = await api(url, '/uploads', { filename: 'file.bin', size });
  const put = await fetch(String(begun['upload_url']), {
    method: 'PUT',
    headers: begun['headers'] as Record<string, string>,
    body: randomBytes(size),
  });
  if (!put.ok) throw new Error(`upload: ${put.status} ${await put.text()}`);
  await put.body?.cancel();
  return String(begun['id']);
}

/** Sends a mail and waits until the relay has it. */
async function sent(url: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  const { id } = await api(url, '/emails', {
    from: 'me@mine.example',
    to: 'ann@there.example',
    subject: 'Memory',
    text: 'Hello',
    ...change,
  });
  for (;;) {
    const { last_event: state } = await api(url, `/emails/${id}`);
    if (state === 'sent') return;
    if (state !== 'queued') throw new Error(`The mail is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function api(url: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(url + path, {
    headers: { authorization: `Bearer ${KEY}` },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}
