/**
 * Memory that one large message takes in workerd: the highest resident size of the process that runs `npm run dev`'s Worker
 * over its size at rest before, while a file is uploaded, accepted, composed and submitted. The bucket of the simulator is in
 * the same process, so its memory is in the figure too. The relay is another process. Each figure is from a process of its own.
 *
 *   node bench/worker-memory.ts [--json]
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startWorker, type WorkerProcess } from '../test/workers/support/worker-process.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const SAMPLE_MS = 5;
const LOOK_EVERY_MS = 100;
/** A measurement that hangs is no measurement. */
const WITHIN_MS = 300_000;

/** 29 MiB are 39.7 MiB in base64: the most that a message of 40 MiB holds. */
const CASES = [
  { name: 'one file of 25 MiB', megabytes: 25, limit: 100 },
  { name: 'one file of 29 MiB', megabytes: 29, limit: 100 },
] as const;

interface Figures {
  readonly restMiB: number;
  readonly peakMiB: number;
  readonly overRestMiB: number;
  /** The upload, and from its end to the relay's reply. */
  readonly uploadSeconds: number;
  readonly sendSeconds: number;
}

const results: ((typeof CASES)[number] & Figures)[] = [];
for (const one of CASES) results.push({ ...one, ...(await measure(one.megabytes)) });
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'worker-memory', host: 'workers', results }));
} else {
  console.log('| message | at rest MiB | peak MiB | over rest MiB | limit MiB | upload s | send s |');
  console.log('|---|---|---|---|---|---|---|');
  for (const { name, restMiB, peakMiB, overRestMiB, limit, uploadSeconds, sendSeconds } of results) {
    const cells = [name, restMiB, peakMiB, overRestMiB, limit, uploadSeconds, sendSeconds];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function measure(megabytes: number): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  const relay = fork(join(import.meta.dirname, 'swallowing-relay.ts'), { timeout: WITHIN_MS });
  const [relayPort] = (await once(relay, 'message')) as [number];
  const worker = await startWorker({
    PORT: String(await freePort()),
    DATA_DIR: folder,
    RELAY_URL: `smtp://localhost:${relayPort}?tls=none`,
    DOMAINS: 'mine.example',
    RATE_LIMIT: '0',
    LOG_LEVEL: 'warn',
  });
  const deadline = setTimeout(() => void worker.kill(), WITHIN_MS);
  try {
    await sent(worker, {});
    // One runs the Worker, another is the tool's own way to it: the one that grows is meant.
    const pids = await runtimesOf(worker.pid);
    const rest = await Promise.all(pids.map(residentOf));
    const peak = [...rest];
    const sampler = setInterval(async () => {
      const now = await Promise.all(pids.map(residentOf));
      for (const [place, bytes] of now.entries()) peak[place] = Math.max(peak[place] ?? 0, bytes);
    }, SAMPLE_MS);
    const began = performance.now();
    const id = await upload(worker, megabytes * MIB);
    const uploaded = performance.now();
    await sent(worker, { attachments: [{ upload_id: id }] });
    const ended = performance.now();
    clearInterval(sampler);
    const grown = peak.map((bytes, place) => bytes - (rest[place] ?? 0));
    const most = grown.indexOf(Math.max(...grown));
    return {
      restMiB: rounded((rest[most] ?? 0) / MIB),
      peakMiB: rounded((peak[most] ?? 0) / MIB),
      overRestMiB: rounded((grown[most] ?? 0) / MIB),
      uploadSeconds: rounded((uploaded - began) / 1000),
      sendSeconds: rounded((ended - uploaded) / 1000),
    };
  } finally {
    clearTimeout(deadline);
    await worker.kill().catch(() => {});
    relay.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function upload(worker: WorkerProcess, size: number): Promise<string> {
  const { id, upload_url: link, headers } = await api(worker, '/uploads', { filename: 'file.bin', size });
  const put = await fetch(String(link), {
    method: 'PUT',
    headers: headers as Record<string, string>,
    body: randomBytes(size),
  });
  if (!put.ok) throw new Error(`upload: ${put.status} ${await put.text()}`);
  await put.body?.cancel();
  return String(id);
}

/** Sends a mail and waits until the relay has it. */
async function sent(worker: WorkerProcess, change: Readonly<Record<string, unknown>>): Promise<void> {
  const { id } = await api(worker, '/emails', {
    from: 'me@mine.example',
    to: 'ann@there.example',
    subject: 'Memory',
    text: 'Hello',
    ...change,
  });
  for (;;) {
    const { last_event: state } = await api(worker, `/emails/${id}`);
    if (state === 'sent') return;
    if (state !== 'queued') throw new Error(`The mail is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function api(
  { url, token }: WorkerProcess,
  path: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(url + path, {
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** The processes of this family that are workerd. */
async function runtimesOf(root: number): Promise<readonly number[]> {
  const stats = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')),
  );
  const processes = stats.flatMap((stat) => {
    const parsed = /^(\d+) \((.*)\) \S (\d+)/s.exec(stat);
    return parsed === null ? [] : [{ pid: Number(parsed[1]), name: parsed[2], parent: Number(parsed[3]) }];
  });
  const isOfFamily = (pid: number): boolean => {
    const found = processes.find((one) => one.pid === pid);
    return pid === root || (found !== undefined && isOfFamily(found.parent));
  };
  const runtimes = processes.filter(({ name, pid }) => name === 'workerd' && isOfFamily(pid));
  if (runtimes.length === 0) throw new Error('workerd does not run');
  return runtimes.map(({ pid }) => pid);
}

async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * KIB;
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}
