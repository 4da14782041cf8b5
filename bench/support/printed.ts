import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ENDS_WITHIN_MS = 10 * 60_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Runs a bench that stands alone and answers what it prints with `--json`. */
export async function printed<T>(file: string, options: readonly string[] = []): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, '..', file), '--json', ...options],
    { timeout: ENDS_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: MOST_BYTES },
  );
  return JSON.parse(stdout) as T;
}
