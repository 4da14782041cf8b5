import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Place } from '../support/place.ts';

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
  const place = await Place.open();
  const key = 'operator-key-for-the-sdk-journeys';
  const running = await place.start({ API_KEY: key, DOMAINS: 'mine.example', ...more });
  const folder = join(place.dataDir, 'caught');
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
      await place.close();
    },
  };
}
