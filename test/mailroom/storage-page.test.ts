import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MIGRATIONS, migrate } from '../../src/mailroom/migrations.ts';
import { openSqlite } from '../../src/platform/node/sqlite.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/storage.md'), 'utf8');
/** Told where it is made; it has one row. */
const WITHOUT_SECTION = new Set(['schema_version']);

test('docs/storage.md has a section for every table, with every column in it', () => {
  const sql = openSqlite(':memory:');
  migrate({ sql, migrations: MIGRATIONS });
  const columns = sql.exec<{ table: string; column: string }>(
    `SELECT s.name AS "table", c.name AS "column" FROM sqlite_schema s, pragma_table_info(s.name) c
     WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'`,
  );
  sql.close();
  expect(columns.length).toBeGreaterThan(150);
  const untold = columns.filter(
    ({ table, column }) =>
      !WITHOUT_SECTION.has(table) && !new RegExp(`\\b${column}\\b`).test(sectionOf(table)),
  );
  expect(untold.map(({ table, column }) => `${table}.${column}`)).toEqual([]);
});

/** One that is told by another (`As [attachments](#attachments), with …`) has the words of both. */
function sectionOf(table: string): string {
  const section = PAGE.split(`\n## ${table}\n`)[1]?.split('\n## ')[0] ?? '';
  const other = /^As \[(\w+)\]/m.exec(section)?.[1];
  return other === undefined ? section : section + sectionOf(other);
}
