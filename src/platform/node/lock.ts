import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A data folder that is ours until `release`. */
export interface Lock {
  release(): void;
}

/** SQLITE_BUSY, and SQLITE_LOCKED beside it (sqlite.org/rescode.html). */
const HELD_CODES = new Set([5, 6]);

/**
 * Makes sure that one process alone works in a data folder: two clerks would both believe that no lease but their own can
 * be live. The lock is SQLite's own on a database of nothing, so the kernel drops it when the process ends in whatever way;
 * a file with a process id in it would have to be judged after a kill.
 *
 * @returns null when another process has it.
 */
export function lockFolder(dataDir: string): Lock | null {
  const db = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { release: () => db.close() };
  } catch (cause) {
    db.close();
    if (isHeld(cause)) return null;
    throw cause;
  }
}

function isHeld(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && HELD_CODES.has(Number(cause.errcode) & 0xff);
}
