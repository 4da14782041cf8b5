import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

/**
 * The thread that writes logs back: for a database of which others have the log open, PASSIVE takes what is there, waits for
 * nobody and holds nobody up (sqlite.org/pragma.html#pragma_wal_checkpoint).
 */
parentPort?.on('message', ({ id, call }: { readonly id: number; readonly call: string }) => {
  parentPort?.postMessage({ id, answer: isWrittenBack(call) });
});

function isWrittenBack(path: string): boolean {
  const url = pathToFileURL(path);
  // A database that is gone is not made anew.
  url.searchParams.set('mode', 'rw');
  try {
    const database = new DatabaseSync(url);
    try {
      database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } finally {
      database.close();
    }
    return true;
  } catch {
    return false;
  }
}
