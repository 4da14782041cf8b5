import type { Result } from './mailroom.ts';
import type { Page, PageOf } from './records.ts';
import { refused } from './refusals.ts';
import type { Sql, SqlRow, SqlValue } from './sql.ts';

/** How a kind of thing is listed: newest first, by its creation time and then its id. */
export interface Listing {
  /** Columns and tables: `SELECT … FROM emails`. */
  readonly select: string;
  readonly table: string;
  /** A condition on top, with its values; both constant texts of ours. */
  readonly where?: { readonly condition: string; readonly values: readonly SqlValue[] };
}

/**
 * One page. Keyset, not offset: rows that are added while somebody pages cause no gap and no repeat, and page 1,000 costs
 * what page 1 costs. An unknown cursor is refused, a foreign one among them.
 */
export function readPage<Row extends SqlRow>({
  sql,
  listing,
  page,
}: {
  readonly sql: Sql;
  readonly listing: Listing;
  readonly page: Page;
}): Result<PageOf<Row>> {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  if (listing.where !== undefined) {
    conditions.push(listing.where.condition);
    values.push(...listing.where.values);
  }
  const cursor = page.after ?? page.before;
  if (cursor !== null) {
    const [row] = sql.exec<{ created_at: number; id: string }>(
      `SELECT created_at, id FROM ${listing.table} WHERE id = ?`,
      cursor,
    );
    if (row === undefined) return unknownCursor(page);
    conditions.push(`(created_at, id) ${page.after === null ? '>' : '<'} (?, ?)`);
    values.push(row.created_at, row.id);
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const direction = isBackward(page) ? 'ASC' : 'DESC';
  const order = ` ORDER BY created_at ${direction}, id ${direction} LIMIT ?`;
  const rows = sql.exec<Row>(listing.select + where + order, ...values, page.limit + 1);
  return { ok: true, value: pageOf({ rows, page }) };
}

/** Cuts the one row too many that told whether there are more, and puts the newest first. */
export function pageOf<Row>({
  rows,
  page,
}: {
  readonly rows: readonly Row[];
  readonly page: Page;
}): PageOf<Row> {
  const items = rows.slice(0, page.limit);
  if (isBackward(page)) items.reverse();
  return { items, hasMore: rows.length > page.limit };
}

export function isBackward(page: Page): boolean {
  return page.after === null && page.before !== null;
}

export function unknownCursor(page: Page): ReturnType<typeof refused> {
  const field = page.after === null ? 'before' : 'after';
  const message = `Invalid \`${field}\` field. There is no item with this id.`;
  return refused({ code: 'validation_error', message, field });
}
