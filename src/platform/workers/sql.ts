import type { Sql, SqlRow, SqlValue } from '../../mailroom/sql.ts';

/** The platform's limit on a value or a row. The runtime on a developer's machine does not keep to it. */
const MAX_VALUE_BYTES = 2_000_000;

/** UTF-8 takes at most three bytes for a UTF-16 unit: shorter text needs no counting. */
const SURELY_FITS = Math.floor(MAX_VALUE_BYTES / 3);

/** The house's `Sql` over a Durable Object's own SQLite. Everything here is synchronous; the output gate makes it durable. */
export function durableObjectSql(storage: DurableObjectStorage): Sql {
  let inside = false;
  return {
    exec<Row extends SqlRow>(query: string, ...bindings: readonly SqlValue[]): readonly Row[] {
      if (bindings.some(isTooLarge)) throw new Error(`A value of more than ${MAX_VALUE_BYTES} bytes`);
      const cursor = storage.sql.exec(query, ...bindings);
      const rows: Row[] = [];
      for (const row of cursor) rows.push(withBytes(row) as Row);
      return rows;
    },
    transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
      // The storage would nest them, the other host does not: what fails there fails here.
      if (inside) throw new Error('Transactions do not nest');
      inside = true;
      try {
        return storage.transactionSync(work);
      } finally {
        inside = false;
      }
    },
  };
}

function isTooLarge(value: SqlValue): boolean {
  if (value instanceof Uint8Array) return value.byteLength > MAX_VALUE_BYTES;
  if (typeof value !== 'string' || value.length <= SURELY_FITS) return false;
  return new TextEncoder().encode(value).byteLength > MAX_VALUE_BYTES;
}

/** A BLOB comes as an ArrayBuffer here and as bytes on the other host; the room knows bytes only. */
function withBytes(row: Record<string, SqlStorageValue>): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof ArrayBuffer ? new Uint8Array(value) : value,
    ]),
  );
}
