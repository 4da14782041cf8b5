import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { START_LINE } from '../../test/support/start-line.ts';
import { type Spawned, spawned } from './children.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Mailwright as `npm start` starts it. */
export interface Service {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly child: Spawned;
  /** Stops it, and deletes its folder when it was made here. */
  stop(): Promise<void>;
}

export async function startService(call: {
  readonly relayUrl: string;
  /** A folder with accounts in it; without one a new one. */
  readonly dataDir?: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Before those that `npm start` gives, which win. */
  readonly nodeOptions?: readonly string[];
  /** Hears every line of its log. */
  readonly onLine?: (line: string) => void;
}): Promise<Service> {
  const dataDir = call.dataDir ?? (await mkdtemp(join(tmpdir(), 'mailwright-bench-')));
  const key = 'a-key-for-measurements-that-is-long-enough';
  const child = spawned(process.execPath, [...(call.nodeOptions ?? []), ...START_LINE], {
    cwd: ROOT,
    env: {
      DATA_DIR: dataDir,
      PORT: '0',
      HOST: '127.0.0.1',
      API_KEY: key,
      RELAY_URL: call.relayUrl,
      DOMAINS: 'shop.example',
      RATE_LIMIT: '0',
      SMTP_PORT: '',
      ...call.settings,
    },
    ...(call.onLine === undefined ? {} : { onLine: call.onLine }),
  });
  const line = await child.line(/http:\/\/127\.0\.0\.1:\d+/);
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
  return {
    port,
    headers: { authorization: `Bearer ${key}` },
    child,
    async stop() {
      await child.stop();
      if (call.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
