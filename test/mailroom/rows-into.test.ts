import { describe, expect, test } from 'vitest';
import { rowsInto } from '../../src/mailroom/rows-into.ts';
import type { Sql, SqlRow, SqlValue } from '../../src/mailroom/sql.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import { House } from '../contracts/mailroom/house.ts';

/** Counts statements. */
class Counting implements Sql {
  count = 0;
  readonly #sql: SqliteFile;

  constructor(sql: SqliteFile) {
    this.#sql = sql;
  }

  exec<Row extends SqlRow>(query: string, ...bindings: readonly SqlValue[]): readonly Row[] {
    this.count += 1;
    return this.#sql.exec<Row>(query, ...bindings);
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    return this.#sql.transaction(work);
  }
}

const COLUMNS = ['a', 'b', 'c'];

describe('rows of a table', () => {
  test.each([
    [0, 0],
    [1, 1],
    [33, 1],
    [34, 2],
    [100, 4],
  ])('%i rows of three values are stored in their order by %i statements', (rows, statements) => {
    const file = openSqlite(':memory:');
    file.exec('CREATE TABLE things (seq INTEGER PRIMARY KEY, a INTEGER, b TEXT, c TEXT) STRICT');
    const sql = new Counting(file);
    const given = Array.from({ length: rows }, (_, place) => [place, `b${place}`, null]);
    rowsInto('things', COLUMNS)(sql, given);
    const stored = file.exec<{ a: number; b: string; c: null }>('SELECT a, b, c FROM things ORDER BY seq');
    expect(stored.map(({ a, b, c }) => [a, b, c])).toEqual(given);
    expect(sql.count).toBe(statements);
    file.close();
  });

  test('of a batch of a hundred mails are stored by less than one statement a mail', () => {
    const file = openSqlite(':memory:');
    const sql = new Counting(file);
    const house = new House(sql);
    const mails = Array.from({ length: 100 }, (_, place) => house.email([`r${place}@example.org`]));
    sql.count = 0;
    expect(house.send(mails, { mode: 'strict' }).kind).toBe('accepted');
    expect(sql.count).toBeLessThan(100);
    const kept = mails.map(({ id }) => house.read(id));
    expect(kept.map(({ recipients }) => recipients.map(({ address }) => address))).toEqual(
      mails.map((_, place) => [`r${place}@example.org`]),
    );
    expect(mails.map(({ id }) => house.eventTypes(id))).toEqual(mails.map(() => ['queued']));
    file.close();
  });
});
