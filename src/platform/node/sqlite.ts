import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../../mailroom/sql.ts';
import { StoreUnavailable } from '../../objects/store.ts';
import { clock } from './host.ts';
import { checkBindings, checkStatement, SqlLimit } from './sql-limits.ts';
import { WriteAheadLog } from './write-ahead-log.ts';
import { WriteBack, type WriteBackParts, type WriteBackThread } from './write-back.ts';

/** SQLite's name for a database that is on no disk. */
const MEMORY = ':memory:';
const OWN_TRANSACTION = /^\s*(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

/** Another process (the account tool) may hold the lock for a moment. */
const BUSY_TIMEOUT_MS = 5000;
/**
 * Pages of 4 KiB after which SQLite writes the log back by itself, in a COMMIT that waits for the disk; more than the default of
 * 1,000, for fewer and larger writes. Where a thread does it, only when that does not keep up.
 */
const CHECKPOINT_PAGES = { alone: 4000, behindThread: 16_000 } as const;
/** Kibibytes, by SQLite's convention negative: the unfinished work and the upper part of every index stay in memory. */
const CACHE_KIB = -16_000;

const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'temp_store = MEMORY',
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

/** What is told to whoever goes on in a group that is to be run again: nobody else hears of it. */
class Spoilt extends Error {
  override readonly name = 'Spoilt';
}

/** A database file, with the group of transactions around it that only the host may open. */
export interface SqliteFile extends Sql {
  /**
   * Runs `work` in one transaction; each `transaction` inside is undone by itself when it throws. Committed when it returns,
   * and on the disk when `synced` says so. When something must be undone, all of `work` is run a second time.
   */
  group<T>(work: () => T): T;
  /** Resolves when all that was committed is on the disk; null when it is already. Rejects with StorageLost. */
  synced(): Promise<void> | null;
  /** Asked between two groups: resolves when the next one may begin; null: at once. */
  rested(): Promise<void> | null;
  close(): void;
}

/**
 * Opens (and makes) a database file. WAL with synchronous=FULL: every COMMIT is on the disk when it returns. Only that of
 * a group is not: its sync is left to a thread, so that the event loop need not wait for the disk.
 *
 * @param path a file, or `:memory:`.
 * @param thread writes the log back beside the event loop; without it a COMMIT does that now and then.
 * @throws StorageLost when the file is damaged or cannot be written.
 */
export function openSqlite(path: string, thread: WriteBackThread | null = null): SqliteFile {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`);
    const pages = thread === null ? CHECKPOINT_PAGES.alone : CHECKPOINT_PAGES.behindThread;
    database.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
  } catch (error) {
    database.close();
    throw asTrouble(error);
  }
  const writeBack =
    thread === null ? null : { run: () => thread.run(path), isBusy: () => thread.isBusy, after: clock.after };
  return new NodeSqlite(database, path === MEMORY ? null : new WriteAheadLog(path), writeBack);
}

class NodeSqlite implements SqliteFile {
  /** What a COMMIT waits for now. Changed only when it must: the statement costs as much as storing a row. */
  #synchronous: 'FULL' | 'NORMAL' = 'FULL';
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inGroup = false;
  #inTransaction = false;
  /** Whether a transaction within the group can be undone by itself. */
  #hasSavepoints = false;
  /** What failed in a group, when nothing of the group may stay for it. */
  #spoilt: { readonly cause: unknown } | null = null;
  readonly #log: WriteAheadLog | null;
  readonly #writeBack: WriteBack | null;
  /** Rows changed when the log was last synced. */
  #changesOnDisk: number;

  constructor(
    database: DatabaseSync,
    log: WriteAheadLog | null,
    writeBack: Omit<WriteBackParts, 'pages'> | null,
  ) {
    this.#database = database;
    this.#log = log;
    this.#writeBack =
      writeBack === null ? null : new WriteBack({ ...writeBack, pages: () => this.#pagesBehind() });
    this.#changesOnDisk = this.#changes();
  }

  exec<Row extends SqlRow>(query: string, ...bindings: readonly SqlValue[]): readonly Row[] {
    checkBindings(bindings);
    // A statement outside of everything commits by itself.
    if (!this.#inGroup && !this.#inTransaction) this.#wait('FULL');
    if (this.#spoilt !== null) throw new Spoilt();
    return this.#rows<Row>(query, bindings);
  }

  #rows<Row extends SqlRow>(query: string, bindings: readonly SqlValue[]): readonly Row[] {
    try {
      const statement = this.#statements.get(query) ?? this.#prepare(query);
      const rows: unknown = statement.all(...bindings);
      return rows as readonly Row[];
    } catch (error) {
      const trouble = asTrouble(error);
      // SQLite rolls back by itself after some errors (sqlite.org/lang_transaction.html §3): what follows would be outside.
      if (this.#inGroup && !this.#database.isTransaction) this.#spoilt ??= { cause: trouble };
      throw trouble;
    }
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    if (this.#inTransaction) throw new SqlLimit('Transactions do not nest');
    if (this.#inGroup && !this.#hasSavepoints) return this.#hopefully(work);
    const [begin, commit, rollback] = this.#inGroup
      ? ['SAVEPOINT verb', 'RELEASE verb', 'ROLLBACK TO verb']
      : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'];
    if (!this.#inGroup) this.#wait('FULL');
    if (this.#spoilt !== null) throw new Spoilt();
    this.#run(begin);
    this.#inTransaction = true;
    try {
      const result = work();
      this.#run(commit);
      return result;
    } catch (error) {
      // Gone as a whole, there is nothing left of it to undo, and a savepoint would begin something of its own.
      if (this.#spoilt !== null) throw error;
      this.#undo(rollback);
      if (this.#inGroup) this.#undo('RELEASE verb');
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  group<T>(work: () => T): T {
    if (this.#inGroup || this.#inTransaction) throw new SqlLimit('Transactions do not nest');
    const first = this.#tryGroup(work, false);
    if (!('spoilt' in first)) return first.result;
    if (first.spoilt instanceof StorageLost) throw first.spoilt;
    const second = this.#tryGroup(work, true);
    if ('spoilt' in second) throw second.spoilt;
    return second.result;
  }

  /**
   * A transaction within a group, on the hope that it will not fail. A savepoint has SQLite keep a copy of every page that is
   * touched, which costs more than all the rows of a mail; and what fails here is a surprise.
   */
  #hopefully<T>(work: () => T): T {
    if (this.#spoilt !== null) throw new Spoilt();
    this.#inTransaction = true;
    try {
      return work();
    } catch (error) {
      this.#spoilt ??= { cause: error };
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  #tryGroup<T>(work: () => T, hasSavepoints: boolean): { readonly result: T } | { readonly spoilt: unknown } {
    this.#hasSavepoints = hasSavepoints;
    // With NORMAL a COMMIT writes to the log and does not wait for the disk (sqlite.org/pragma.html#pragma_synchronous).
    this.#wait('NORMAL');
    try {
      this.#run('BEGIN IMMEDIATE');
      this.#inGroup = true;
      const result = work();
      if (this.#spoilt !== null) {
        this.#undo('ROLLBACK');
        return { spoilt: this.#spoilt.cause };
      }
      this.#run('COMMIT');
      return { result };
    } catch (error) {
      this.#undo('ROLLBACK');
      if (this.#spoilt === null || error instanceof StorageLost) throw error;
      return { spoilt: this.#spoilt.cause };
    } finally {
      this.#inGroup = false;
      this.#spoilt = null;
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

  rested(): Promise<void> | null {
    return this.#writeBack?.between(this.#changesOnDisk) ?? null;
  }

  /** What the log holds and the database does not. NOOP only looks (sqlite.org/pragma.html#pragma_wal_checkpoint). */
  #pagesBehind(): number {
    try {
      const [row] = this.#rows<{ log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)', []);
      return row === undefined ? 0 : row.log - row.checkpointed;
    } catch {
      // What is wrong with the file the next verb is told.
      return 0;
    }
  }

  /** Rows that this connection has changed; those of what was rolled back too, which costs a sync and harms nobody. */
  #changes(): number {
    const [row] = this.#rows<{ changes: number }>('SELECT total_changes() AS changes', []);
    return row?.changes ?? 0;
  }

  close(): void {
    this.#log?.close();
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(query: string): StatementSync {
    if (OWN_TRANSACTION.test(query)) throw new SqlLimit('A transaction is opened with transaction()');
    checkStatement(query);
    const statement = this.#database.prepare(query);
    this.#statements.set(query, statement);
    return statement;
  }

  /** Within a transaction it cannot be changed; there is one only where even a rollback failed, and that is told already. */
  #wait(synchronous: 'FULL' | 'NORMAL'): void {
    if (this.#synchronous === synchronous || this.#database.isTransaction) return;
    this.#database.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#synchronous = synchronous;
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

/** `errcode` is SQLite's extended result code; its low byte is the primary one. */
function asTrouble(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const primary = error.errcode & 0xff;
  if (primary === SQLITE_FULL) return new StoreUnavailable('The disk is full', { cause: error });
  if (primary !== SQLITE_IOERR && primary !== SQLITE_CORRUPT && primary !== SQLITE_NOTADB) return error;
  return new StorageLost(`The database cannot be used any more: ${error.message}`, { cause: error });
}
