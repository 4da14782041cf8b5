import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Launch, Running } from './process.ts';
import { startProcess } from './process.ts';
import {
  BACKWARD,
  FORWARD,
  JUMP_MS,
  SHIFT_VARIABLE,
  type Shift,
  shifted,
  writeShift,
} from './shifted-clock.ts';

const PRELOAD = join(import.meta.dirname, 'preload-clock.ts');

/** Some parts of a long run take a minute of one life, and more on a busy machine. */
const LIFETIME_MS = 10 * 60_000;

export interface Stopped {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null;
  readonly milliseconds: number;
}

/** One folder of data, and the processes that live on it, one after the other. */
export class CrashRunner {
  readonly dataDir: string;
  readonly #settings: Readonly<Record<string, string>>;
  #shift: Shift;
  #living: Running | null = null;
  #log = '';
  #url = '';
  #lives = 0;

  private constructor(dataDir: string, settings: Readonly<Record<string, string>>, pace: number) {
    this.dataDir = dataDir;
    this.#settings = settings;
    this.#shift = { since: Date.now(), pace, aheadMs: 0 };
  }

  /** @param pace seconds of the process in one of ours: its timeouts are as much shorter. */
  static async open(settings: Readonly<Record<string, string>>, pace = 1): Promise<CrashRunner> {
    const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-lives-'));
    return new CrashRunner(dataDir, settings, pace);
  }

  /** Processes that were started. */
  get lives(): number {
    return this.#lives;
  }

  /** Of the process that lives, or lived last: then nobody answers there. */
  get url(): string {
    return this.#url;
  }

  /** The time as the process has it. */
  now(): number {
    return shifted(this.#shift, Date.now());
  }

  /** The next life begins that much later than this one ends. */
  leap(ms: number): void {
    this.#shift = { ...this.#shift, aheadMs: this.#shift.aheadMs + ms };
  }

  /** The process of this life. */
  get pid(): number {
    return this.#living?.child.pid ?? Number.NaN;
  }

  /** What the lives have written to standard error, the one that lives included. */
  get log(): string {
    return this.#log + (this.#living?.stderr() ?? '');
  }

  /** The exit code, or the signal, when this life has ended by itself; null while it goes on. */
  get ended(): Stopped['code'] {
    const child = this.#living?.child;
    return child?.exitCode ?? child?.signalCode ?? null;
  }

  /** Sets the clock of the process that lives an hour on, or back. */
  jump(direction: 'forward' | 'backward'): void {
    this.leap(direction === 'forward' ? JUMP_MS : -JUMP_MS);
    this.#living?.child.kill(direction === 'forward' ? FORWARD : BACKWARD);
  }

  async start(launch: Omit<Launch, 'preload'> = {}): Promise<void> {
    const settings = {
      LOG_LEVEL: 'warn',
      ...this.#settings,
      DATA_DIR: this.dataDir,
      [SHIFT_VARIABLE]: writeShift(this.#shift),
    };
    this.#living = await startProcess(settings, 'node', {
      lifetimeMs: LIFETIME_MS,
      ...launch,
      preload: [PRELOAD],
    });
    this.#url = this.#living.url;
    this.#lives += 1;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** By SIGTERM. */
  async stop(): Promise<Stopped> {
    const since = performance.now();
    const code = await this.#end('SIGTERM');
    return { code, milliseconds: performance.now() - since };
  }

  async #end(signal: NodeJS.Signals): Promise<Stopped['code']> {
    const one = this.#living;
    if (one === null) return null;
    try {
      return await one.end(signal);
    } finally {
      this.#log += one.stderr();
      this.#living = null;
    }
  }

  async close(): Promise<void> {
    try {
      await this.kill();
    } finally {
      await rm(this.dataDir, { recursive: true });
    }
  }
}
