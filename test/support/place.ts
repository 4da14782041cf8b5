import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Launch, type Running, startProcess } from './process.ts';

/** A folder of data, and the processes that are started on it. None outlives it. */
export class Place {
  readonly dataDir: string;
  readonly #started: Running[] = [];

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  static async open(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), 'mailwright-place-')));
  }

  async start(
    settings: Readonly<Record<string, string>> = {},
    how: 'node' | 'npm' = 'node',
    launch: Launch = {},
  ): Promise<Running> {
    const one = await startProcess({ DATA_DIR: this.dataDir, ...settings }, how, launch);
    this.#started.push(one);
    return one;
  }

  async close(): Promise<void> {
    try {
      await Promise.all(this.#started.map((one) => one.end('SIGKILL', 'group')));
    } finally {
      await rm(this.dataDir, { recursive: true });
    }
  }
}
