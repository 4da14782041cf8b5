import { close, closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The write-ahead log of a database file, seen from outside: what SQLite has written to it is on the disk after `sync`.
 * SQLite's locks are on the database and its `-shm` file, so that opening and closing this one touches none of them.
 */
export class WriteAheadLog {
  readonly #path: string;
  #descriptor: number | null = null;
  #syncing = 0;
  #isClosed = false;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** By a thread of the pool: the event loop goes on. Rejects when the disk did not take it. */
  sync(): Promise<void> {
    this.#descriptor ??= this.#open();
    const descriptor = this.#descriptor;
    this.#syncing += 1;
    return new Promise((resolve, reject) => {
      fdatasync(descriptor, (error) => {
        this.#syncing -= 1;
        if (this.#isClosed && this.#syncing === 0) close(descriptor);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    if (this.#descriptor !== null && this.#syncing === 0) closeSync(this.#descriptor);
  }

  /** The file was made when the database was opened, and is kept while it is open: its name has to be on the disk once. */
  #open(): number {
    const descriptor = openSync(this.#path, 'r+');
    const folder = openSync(dirname(this.#path), 'r');
    fsyncSync(folder);
    closeSync(folder);
    return descriptor;
  }
}
