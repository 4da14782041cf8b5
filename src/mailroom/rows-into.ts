import type { Sql, SqlValue } from './sql.ts';

/** What one statement takes on the tighter host (`Sql`). */
const MAX_BINDINGS = 100;

/**
 * Stores rows of one table in their order, as many in one statement as it takes: each statement costs what two or three
 * indexes of a row cost. Runs inside a transaction: what a statement stores is no whole of its own.
 */
export function rowsInto(
  table: string,
  columns: readonly string[],
): (sql: Sql, rows: readonly (readonly SqlValue[])[]) => void {
  const most = Math.floor(MAX_BINDINGS / columns.length);
  const row = `(${columns.map(() => '?').join()})`;
  /** By the number of their rows: a text is long, and prepared statements are found by it. */
  const statements = new Map<number, string>();
  const statementFor = (count: number): string => {
    const known = statements.get(count);
    if (known !== undefined) return known;
    const made = `INSERT INTO ${table} (${columns.join()}) VALUES ${Array(count).fill(row).join()}`;
    statements.set(count, made);
    return made;
  };
  return (sql, rows) => {
    for (let at = 0; at < rows.length; at += most) {
      const end = Math.min(at + most, rows.length);
      const values: SqlValue[] = [];
      for (let place = at; place < end; place += 1) values.push(...(rows[place] ?? []));
      sql.exec(statementFor(end - at), ...values);
    }
  };
}
