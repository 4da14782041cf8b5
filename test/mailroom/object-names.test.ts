import { expect, it } from 'vitest';
import { NAMED_IN } from '../../src/mailroom/leaving-objects.ts';
import { migrate } from '../../src/mailroom/migrations.ts';
import { openSqlite } from '../../src/platform/node/sqlite.ts';

/** Columns that are called a key and name no object, or one that another column names too. */
const NO_NAMES = [
  'idempotency.key',
  'leaving_objects.key',
  'bodies.object_key',
  'attachments.object_key',
  'received.raw_key',
  'received_contents.object_key',
  'received_attachments.object_key',
];

it('every column that names an object is known to the sweep, or it would delete what the row needs', () => {
  const sql = openSqlite(':memory:');
  migrate({ sql });
  const columns = sql
    .exec<{ tbl: string; col: string }>(
      `SELECT m.name AS tbl, c.name AS col FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
    )
    .filter(({ col }) => /(?:^|_)keys?$/.test(col))
    .map(({ tbl, col }) => `${tbl}.${col}`);
  expect(columns.filter((column) => !NO_NAMES.includes(column)).toSorted()).toEqual(
    NAMED_IN.map(([table, column]) => `${table}.${column}`).toSorted(),
  );
});

it('each of them is indexed: a sweep asks about thousands of keys', () => {
  const sql = openSqlite(':memory:');
  migrate({ sql });
  for (const [table, column] of NAMED_IN) {
    const [plan] = sql.exec<{ detail: string }>(
      `EXPLAIN QUERY PLAN SELECT 1 FROM ${table} WHERE ${column} = 'x'`,
    );
    expect(plan?.detail).toMatch(/^SEARCH/);
  }
});
