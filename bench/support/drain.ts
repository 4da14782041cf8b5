import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service, startService } from './service.ts';

const FILLS_WITHIN_MS = 120_000;
const DRAINS_WITHIN_MS = 300_000;
/** How RELAY_URL names its relay, here and where the folder is filled. */
const RELAY = 'bench';

export interface Drained {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** A folder with so many accepted mails, made once and copied for each drain. */
export async function filledFolder(count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  const run = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'filled.ts'), folder, String(count), RELAY],
    {
      timeout: FILLS_WITHIN_MS,
      encoding: 'utf8',
    },
  );
  if (run.status !== 0) throw new Error(`The folder was not filled: ${run.stderr}`);
  return folder;
}

/** Starts the service over a copy of the folder, and waits until its log tells that every mail was settled. */
export async function drain(call: {
  readonly folder: string;
  readonly count: number;
  readonly port: number;
  readonly connections: number;
  readonly nodeOptions?: readonly string[];
}): Promise<Drained> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  await cp(call.folder, dataDir, { recursive: true });
  let settled = 0;
  // The first fifth warms up.
  const warm = Math.ceil(call.count / 5);
  let began = 0;
  let cpuBefore: Promise<number> | null = null;
  let service: Service | null = null;
  let ended = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    ended = resolve;
  });
  service = await startService({
    relayUrl: `smtp://127.0.0.1:${call.port}?tls=none&name=${RELAY}&connections=${call.connections}`,
    dataDir,
    ...(call.nodeOptions === undefined ? {} : { nodeOptions: call.nodeOptions }),
    onLine: (line) => {
      if (!line.includes('"event":"attempt"')) return;
      if (!line.includes('"outcome":"sent:1"')) throw new Error(line);
      settled += 1;
      if (settled === warm) {
        began = performance.now();
        cpuBefore = service?.child.cpu() ?? null;
      }
      if (settled === call.count) ended();
    },
  });
  const { child } = service;
  const timer = setTimeout(() => child.process.kill('SIGKILL'), DRAINS_WITHIN_MS);
  try {
    await Promise.race([all, child.ended]);
    if (settled < call.count) throw new Error(`Only ${settled} of ${call.count} mails were sent`);
    const ms = performance.now() - began;
    const counted = call.count - warm;
    const cpuMs = ((await child.cpu()) - ((await cpuBefore) ?? Number.NaN)) / counted;
    return { perSecond: (counted * 1_000) / ms, cpuMs };
  } finally {
    clearTimeout(timer);
    await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
