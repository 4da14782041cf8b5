import { expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { openSqlite } from '../../src/platform/node/sqlite.ts';

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
