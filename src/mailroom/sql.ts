/** What a row may hold, the same on both hosts. Integers stay below 2^53; a BLOB or TEXT below 2 MB. */
export type SqlValue = string | number | null | Uint8Array;

/** A row as SQLite gives it back. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * All the SQL a room knows. Synchronous on both hosts: `node:sqlite` here, `ctx.storage.sql` in a Durable Object.
 *
 * The tighter host's limits hold on both: no hand-written BEGIN, at most 100 bound values, no value of 2 MB or more,
 * transactions do not nest.
 */
export interface Sql {
  /** Runs one statement and returns its rows; RETURNING tells what changed. */
  exec<Row extends SqlRow>(query: string, ...bindings: readonly SqlValue[]): readonly Row[];
  /** All or nothing. Work that returns a promise does not compile: it would outlive the transaction. */
  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T;
}
