import type { SqlValue } from '../../mailroom/sql.ts';

/** Limits of a Durable Object's SQLite, held here too, so that a test on this host fails where the other would. */
const MAX_BINDINGS = 100;
const MAX_VALUE_BYTES = 2_000_000;
const MAX_STATEMENT_BYTES = 100_000;
/** A mistake of ours that the tighter host would refuse. */
export class SqlLimit extends Error {
  override readonly name = 'SqlLimit';
}

export function checkStatement(query: string): void {
  if (Buffer.byteLength(query) > MAX_STATEMENT_BYTES) throw new SqlLimit('A statement holds at most 100 KB');
}

export function checkBindings(bindings: readonly SqlValue[]): void {
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
