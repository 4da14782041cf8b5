import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { START_LINE } from './start-line.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A child that hangs must not hang the suite: it is killed, group and all, after this. */
const CHILD_LIFETIME_MS = 60_000;

/** None outlives us: with us goes the timer that bounds its life. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) killGroup(child, 'SIGKILL');
});

export interface Launch {
  /** Modules that the process loads before its own. */
  readonly preload?: readonly string[];
  /** How long it may live; for runs that are longer than a test. */
  readonly lifetimeMs?: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  /** The key that this start printed, or null. */
  readonly key: string | null;
  /** The curl line that this start printed, or null. */
  readonly curl: string | null;
  stdout(): string;
  stderr(): string;
  /**
   * Signals the process, waits for its end, and answers its exit code, or the signal that ended it.
   *
   * @throws when it had to be ended before, because its lifetime was over.
   */
  end(signal: NodeJS.Signals, whom?: 'process' | 'group'): Promise<number | NodeJS.Signals | null>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function environment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'debug', ...settings };
}

function launch(
  command: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  lifetimeMs = CHILD_LIFETIME_MS,
) {
  // In a group of its own, so that a signal to the group reaches exactly it and its children.
  const child = spawn(command, args, { cwd: ROOT, env: environment(settings), detached: true });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  let isOverdue = false;
  const lifetime = setTimeout(() => {
    isOverdue = true;
    killGroup(child, 'SIGKILL');
  }, lifetimeMs);
  living.add(child);
  const ended = once(child, 'close').then(() => {
    clearTimeout(lifetime);
    living.delete(child);
    // Else whoever asks it would take our limit for its fault.
    if (isOverdue) throw new Error(`A process was ended after ${lifetimeMs / 1000} s: lifetimeMs`);
  });
  // Told to whoever waits for its end.
  ended.catch(() => {});
  return { child, output, ended };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

/** Starts the service and waits until it listens. Through `npm start` when asked to. */
export async function startProcess(
  settings: Readonly<Record<string, string>>,
  how: 'node' | 'npm' = 'node',
  { preload = [], lifetimeMs }: Launch = {},
): Promise<Running> {
  const imports = preload.flatMap((path) => ['--import', path]);
  const [command, args] =
    how === 'npm' ? ['npm', ['start']] : [process.execPath, [...imports, ...START_LINE]];
  const { child, output, ended } = launch(command, args, settings, lifetimeMs);
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (/listens on \S+\n[\s\S]*docs {3}\S+\n/.test(output.stdout)) resolve();
    };
    child.stdout.on('data', look);
    const isOver = () => reject(new Error(`It ended instead of starting:\n${output.stderr}`));
    ended.then(isOver, isOver);
  });
  const url = /listens on (\S+)/.exec(output.stdout)?.[1] ?? '';
  return {
    child,
    url,
    get key() {
      return /Bearer (\S+)'/.exec(output.stdout)?.[1] ?? null;
    },
    get curl() {
      return /^curl .*$/m.exec(output.stdout)?.[0] ?? null;
    },
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async end(signal, whom = 'process') {
      if (whom === 'group') killGroup(child, signal);
      else child.kill(signal);
      await ended;
      return child.exitCode ?? child.signalCode;
    },
  };
}

/** Runs a command of the project to its end. */
export async function runToEnd(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { child, output, ended } = launch(process.execPath, args, settings);
  await ended;
  return { code: child.exitCode, ...output };
}
