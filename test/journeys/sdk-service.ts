import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startProcess } from '../support/process.ts';

/** The service as a user starts it, and what its built-in catch-all got over SMTP. */
export interface SdkService {
  readonly url: string;
  readonly key: string;
  /** Waits until that many messages have arrived, and answers them in the order of their arrival. */
  caught(count: number): Promise<readonly string[]>;
  /** Everything the process has written. */
  log(): string;
  stop(): Promise<void>;
}

/** @param more settings beside those that every journey has. */
export async function startForSdk(more: Readonly<Record<string, string>> = {}): Promise<SdkService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-sdk-'));
  const key = 'operator-key-for-the-sdk-journeys';
  const running = await startProcess({ DATA_DIR: dataDir, API_KEY: key, DOMAINS: 'mine.example', ...more });
  const folder = join(dataDir, 'caught');
  const messages = async () => (await readdir(folder)).filter((name) => name.endsWith('.eml')).toSorted();
  return {
    url: running.url,
    key,
    async caught(count) {
      await expect.poll(async () => (await messages()).length, { timeout: 10_000 }).toBe(count);
      return await Promise.all((await messages()).map((name) => readFile(join(folder, name), 'utf8')));
    },
    log: () => running.stdout() + running.stderr(),
    async stop() {
      await running.end('SIGTERM');
      await rm(dataDir, { recursive: true });
    },
  };
}
