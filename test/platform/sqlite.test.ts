import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';

it('a disk that is full is said as something that passes, and what was there before is untouched', () => {
  const sql = openSqlite(':memory:');
  sql.exec('CREATE TABLE things (t TEXT NOT NULL) STRICT');
  sql.exec('PRAGMA max_page_count = 10');
  sql.transaction(() => sql.exec('INSERT INTO things (t) VALUES (?)', 'before'));

  const tooMuch = (): unknown =>
    sql.group(() =>
      sql.transaction(() => sql.exec('INSERT INTO things (t) VALUES (?)', 'x'.repeat(100_000))),
    );
  expect(tooMuch).toThrow(StoreUnavailable);

  expect(sql.exec('SELECT t FROM things')).toEqual([{ t: 'before' }]);
  sql.exec('PRAGMA max_page_count = 1000');
  expect(tooMuch).not.toThrow();
  sql.close();
});

describe('a group', () => {
  let sql: SqliteFile;
  let runs: number;

  beforeEach(() => {
    sql = openSqlite(':memory:');
    sql.exec('CREATE TABLE things (t TEXT NOT NULL UNIQUE) STRICT');
    runs = 0;
  });

  afterEach(() => sql.close());

  const stored = (): readonly string[] => sql.exec<{ t: string }>('SELECT t FROM things').map(({ t }) => t);

  /** A transaction of two rows for each text, as the verbs of a group are run: one that fails is no concern of the others. */
  function group(...texts: readonly string[]): readonly boolean[] {
    return sql.group(() => {
      runs += 1;
      return texts.map((text) => {
        try {
          sql.transaction(() => {
            for (const t of [`${text} begun`, text]) sql.exec('INSERT INTO things (t) VALUES (?)', t);
          });
          return true;
        } catch {
          return false;
        }
      });
    });
  }

  it('is run once while nothing in it fails', () => {
    expect(group('a', 'b')).toEqual([true, true]);
    expect([runs, stored()]).toEqual([1, ['a begun', 'a', 'b begun', 'b']]);
  });

  it('is run again when something in it fails: that is undone, and the others are there once', () => {
    group('a');
    runs = 0;
    expect(group('b', 'a', 'c')).toEqual([true, false, true]);
    expect([runs, stored()]).toEqual([2, ['a begun', 'a', 'b begun', 'b', 'c begun', 'c']]);
    runs = 0;
    expect(group('d')).toEqual([true]);
    expect(runs).toBe(1);
  });

  it('leaves nothing behind when SQLite has rolled it back by itself, what came after that included', () => {
    sql.exec('PRAGMA max_page_count = 10');
    expect(() => group('a', 'x'.repeat(100_000), 'b')).toThrow(StoreUnavailable);
    expect(stored()).toEqual([]);
    sql.exec('PRAGMA max_page_count = 1000');
    expect(group('a', 'x'.repeat(100_000), 'b')).toEqual([true, true, true]);
  });
});
