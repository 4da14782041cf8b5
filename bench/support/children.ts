import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** Whatever hangs ends by itself. */
const LIVES_AT_MOST_MS = 15 * 60_000;
const STOPS_WITHIN_MS = 12_000;
/** Of `/proc/<pid>/stat`: USER_HZ is 100 on every Linux. */
const TICK_MS = 10;
const UTIME_FIELD = 11;
const KIB = 1024;

/** A process of the bench: ended by its own id, and never left behind. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Milliseconds of processor time so far; NaN where the system does not tell. */
  cpu(): Promise<number>;
  /** Asks it to end, then ends it. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program of ours that tells what it has to say by `process.send`. */
export async function forked<Told>(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: Child; readonly told: Told }> {
  const started = fork(file, args, {
    env: { ...process.env, ...env },
    timeout: LIVES_AT_MOST_MS,
    killSignal: 'SIGKILL',
  });
  const child = kept(started);
  const answer = await Promise.race([once(started, 'message'), once(started, 'exit').then(() => null)]);
  if (answer === null) throw new Error(`${file} ended before it had begun`);
  return { child, told: answer[0] as Told };
}

export interface Spawned extends Child {
  /** Resolves at the first line of this kind, on either stream. */
  line(pattern: RegExp): Promise<string>;
  readonly ended: Promise<number>;
}

/** A program that writes lines. `onLine` hears every line of its standard error. */
export function spawned(
  command: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly onLine?: (line: string) => void } = {},
): Spawned {
  const started = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIVES_AT_MOST_MS,
    killSignal: 'SIGKILL',
  });
  const waiting = new Set<{ readonly pattern: RegExp; readonly found: (line: string) => void }>();
  const lines: string[] = [];
  const hear = (line: string): void => {
    if (lines.length < 200) lines.push(line);
    for (const one of waiting) if (one.pattern.test(line)) one.found(line);
  };
  createInterface({ input: started.stdout }).on('line', hear);
  createInterface({ input: started.stderr }).on('line', options.onLine ?? hear);
  const ended = once(started, 'exit').then(([code]) => Number(code ?? -1));
  return {
    ...kept(started),
    ended,
    line(pattern) {
      const there = lines.find((line) => pattern.test(line));
      if (there !== undefined) return Promise.resolve(there);
      const found = new Promise<string>((resolve) => waiting.add({ pattern, found: resolve }));
      const gone = ended.then((code) => {
        throw new Error(`${command} ended with ${code}:\n${lines.join('\n')}`);
      });
      return Promise.race([found, gone]);
    },
  };
}

/** Ends with us, whoever started it. */
export function kept(started: ChildProcess): Child {
  running.add(started);
  started.once('exit', () => running.delete(started));
  const pid = started.pid ?? 0;
  return {
    pid,
    process: started,
    cpu: () => cpuOf(pid),
    async stop() {
      if (started.exitCode !== null || started.signalCode !== null) return;
      const ended = once(started, 'exit');
      started.kill('SIGTERM');
      const timer = setTimeout(() => started.kill('SIGKILL'), STOPS_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME_FIELD]) + Number(fields[UTIME_FIELD + 1])) * TICK_MS;
}

/** Resident bytes now, and the most there were since `forgetPeak`. NaN where the system does not tell. */
export async function residentOf(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * KIB;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** From here on the system keeps the peak anew (proc(5), clear_refs). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
