import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../../mailroom/sql.ts';
import { StoreUnavailable } from '../../objects/store.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** Limits of a Durable Object's SQLite, held here too, so that a test on this host fails where the other would. */
const MAX_BINDINGS = 100;
const MAX_VALUE_BYTES = 2_000_000;
const MAX_STATEMENT_BYTES = 100_000;
/** SQLite's name for a database that is on no disk. */
const MEMORY = ':memory:';
const OWN_TRANSACTION = /^\s*(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

/** Another process (the account tool) may hold the lock for a moment. */
const BUSY_TIMEOUT_MS = 5000;
/** Pages of 4 KiB after which the log is written back; more than the default of 1,000, for fewer and larger writes. */
const CHECKPOINT_PAGES = 4000;
/** Kibibytes, by SQLite's convention negative: the unfinished work and the upper part of every index stay in memory. */
const CACHE_KIB = -16_000;

const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'temp_store = MEMORY',
  `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  `cache_size = ${CACHE_KIB}`,
] as const;

/** Primary result codes (sqlite.org/rescode.html) after which the file can no longer be trusted. */
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** Nothing is damaged: there is no room. Callers are told to come back (503), and work goes on when there is room again. */
const SQLITE_FULL = 13;

/**
 * The database could not write or sync. Which of the written pages survive is unknown, the page cache included, so
 * nothing may be answered any more: the host must end the process, and the next start reads what is really there.
 */
export class StorageLost extends Error {
  override readonly name = 'StorageLost';
}

/** A mistake of ours that the tighter host would refuse. */
export class SqlLimit extends Error {
  override readonly name = 'SqlLimit';
}

/** A database file, with the group of transactions around it that only the host may open. */
export interface SqliteFile extends Sql {
  /** Runs `work` in one transaction; each `transaction` inside is a savepoint of it. Committed when it returns, and on the
   * disk when `synced` says so. */
  group<T>(work: () => T): T;
  /** Resolves when all that was committed is on the disk; null when it is already. Rejects with StorageLost. */
  synced(): Promise<void> | null;
  close(): void;
}

/**
 * Opens (and makes) a database file. WAL with synchronous=FULL: every COMMIT is on the disk when it returns. Only that of
 * a group is not: its sync is left to a thread, so that the event loop need not wait for the disk.
 *
 * @param path a file, or `:memory:`.
 * @throws StorageLost when the file is damaged or cannot be written.
 */
export function openSqlite(path: string): SqliteFile {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`);
  } catch (error) {
    database.close();
    throw asTrouble(error);
  }
  return new NodeSqlite(database, path === MEMORY ? null : new WriteAheadLog(path));
}

class NodeSqlite implements SqliteFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inGroup = false;
  #inTransaction = false;
  readonly #log: WriteAheadLog | null;
  /** Rows changed when the log was last synced. */
  #changesOnDisk: number;

  constructor(database: DatabaseSync, log: WriteAheadLog | null) {
    this.#database = database;
    this.#log = log;
    this.#changesOnDisk = this.#changes();
  }

  exec<Row extends SqlRow>(query: string, ...bindings: readonly SqlValue[]): readonly Row[] {
    checkBindings(bindings);
    try {
      const statement = this.#statements.get(query) ?? this.#prepare(query);
      const rows: unknown = statement.all(...bindings);
      return rows as readonly Row[];
    } catch (error) {
      throw asTrouble(error);
    }
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    if (this.#inTransaction) throw new SqlLimit('Transactions do not nest');
    const [begin, commit, rollback] = this.#inGroup
      ? ['SAVEPOINT verb', 'RELEASE verb', 'ROLLBACK TO verb']
      : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'];
    this.#run(begin);
    this.#inTransaction = true;
    try {
      const result = work();
      this.#run(commit);
      return result;
    } catch (error) {
      this.#undo(rollback);
      if (this.#inGroup) this.#undo('RELEASE verb');
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  group<T>(work: () => T): T {
    if (this.#inGroup || this.#inTransaction) throw new SqlLimit('Transactions do not nest');
    // With NORMAL a COMMIT writes to the log and does not wait for the disk (sqlite.org/pragma.html#pragma_synchronous).
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      this.#run('BEGIN IMMEDIATE');
      this.#inGroup = true;
      const result = work();
      this.#run('COMMIT');
      return result;
    } catch (error) {
      this.#undo('ROLLBACK');
      throw error;
    } finally {
      this.#inGroup = false;
      // Where even the rollback failed, what failed first is what is to be told.
      if (!this.#database.isTransaction) this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  synced(): Promise<void> | null {
    const changes = this.#changes();
    if (this.#log === null || changes === this.#changesOnDisk) return null;
    return this.#log.sync().then(
      () => {
        this.#changesOnDisk = Math.max(this.#changesOnDisk, changes);
      },
      (error: unknown) => {
        throw new StorageLost('The database could not be synced to the disk', { cause: error });
      },
    );
  }

  /** Rows that this connection has changed; those of what was rolled back too, which costs a sync and harms nobody. */
  #changes(): number {
    const [row] = this.exec<{ changes: number }>('SELECT total_changes() AS changes');
    return row?.changes ?? 0;
  }

  close(): void {
    this.#log?.close();
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(query: string): StatementSync {
    if (OWN_TRANSACTION.test(query)) throw new SqlLimit('A transaction is opened with transaction()');
    if (Buffer.byteLength(query) > MAX_STATEMENT_BYTES)
      throw new SqlLimit('A statement holds at most 100 KB');
    const statement = this.#database.prepare(query);
    this.#statements.set(query, statement);
    return statement;
  }

  #run(command: string): void {
    let statement = this.#statements.get(command);
    if (statement === undefined) {
      statement = this.#database.prepare(command);
      this.#statements.set(command, statement);
    }
    try {
      statement.run();
    } catch (error) {
      throw asTrouble(error);
    }
  }

  /** SQLite rolls back by itself after some errors (sqlite.org/lang_transaction.html §3); then there is nothing to undo. */
  #undo(command: string): void {
    if (this.#database.isTransaction) this.#run(command);
  }
}

function checkBindings(bindings: readonly SqlValue[]): void {
  if (bindings.length > MAX_BINDINGS) throw new SqlLimit(`At most ${MAX_BINDINGS} values can be bound`);
  for (const value of bindings) {
    if (typeof value === 'number' && (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)) {
      throw new SqlLimit('A number must be finite and below 2^53');
    }
    if (sizeOf(value) >= MAX_VALUE_BYTES) throw new SqlLimit('A value holds less than 2 MB');
  }
}

function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') {
    // At most three bytes per UTF-16 unit: short strings need no counting.
    return value.length * 3 < MAX_VALUE_BYTES ? 0 : Buffer.byteLength(value);
  }
  return value instanceof Uint8Array ? value.byteLength : 0;
}

/** `errcode` is SQLite's extended result code; its low byte is the primary one. */
function asTrouble(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const primary = error.errcode & 0xff;
  if (primary === SQLITE_FULL) return new StoreUnavailable('The disk is full', { cause: error });
  if (primary !== SQLITE_IOERR && primary !== SQLITE_CORRUPT && primary !== SQLITE_NOTADB) return error;
  return new StorageLost(`The database cannot be used any more: ${error.message}`, { cause: error });
}
