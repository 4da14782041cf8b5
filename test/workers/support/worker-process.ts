import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const UP_WITHIN_MS = 60_000;

export interface WorkerProcess {
  readonly url: string;
  readonly token: string;
  /** As a power cut does it: wrangler, workerd and all. */
  kill(): Promise<void>;
  /** SIGTERM to the command alone; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** `npm run dev`, the command behind it, in a process group of its own. */
export async function startWorker(settings: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ['src/platform/dev/start.ts'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(child, 'exit');
  const token = await printedKey(child);
  return {
    url: `http://127.0.0.1:${settings['PORT']}`,
    token,
    async kill() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

function printedKey(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error('the Worker did not start')), UP_WITHIN_MS);
    let text = '';
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${text}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const key = /^API key .*: (\S+)$/m.exec(text)?.[1];
      if (key === undefined || !text.includes('curl ')) return;
      clearTimeout(deadline);
      resolve(key);
    });
  });
}
