import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cpuOf } from '../../test/support/usage.ts';

/** Whatever hangs ends by itself. */
const LIVES_AT_MOST_MS = 15 * 60_000;
const STOPS_WITHIN_MS = 12_000;

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
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly onLine?: (line: string) => void;
  } = {},
): Spawned {
  const started = spawn(command, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
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
