import type { Result } from './mailroom.ts';
import { readPage } from './pages.ts';
import type { NewSuppression, Page, PageOf, SuppressionRecord } from './records.ts';
import type { Room } from './room.ts';
import type { Sql } from './sql.ts';
import { writeSuppressionEvent } from './suppression-events.ts';

type SuppressionRow = {
  id: string;
  address: string;
  origin: SuppressionRecord['origin'];
  source_id: string | null;
  note: string | null;
  expires_at: number | null;
  created_at: number;
};

/** A bound value is below 2 MB on both hosts, an address 254 bytes at most (RFC 5321 §4.5.3.1.3). */
const ADDRESSES_AT_ONCE = 5_000;
const COLUMNS = 'id, address, origin, source_id, note, expires_at, created_at';
const APPLIES = '(expires_at IS NULL OR expires_at > ?)';

/** The form in which addresses are compared. The domain is an A-label already; the local part is folded as well. */
export function foldAddress(address: string): string {
  return address.normalize('NFC').toLowerCase();
}

/** Why an address is not sent to, in the words of wire-contract.md §12; `manual` where nothing happened before. */
const REASONS = { bounce: 'previous_bounce', complaint: 'previous_complaint', manual: 'manual' } as const;

/** Which of these addresses may not be sent to now, and why. */
export function suppressedAmong({
  sql,
  addresses,
  now,
}: {
  readonly sql: Sql;
  readonly addresses: readonly string[];
  readonly now: number;
}): ReadonlyMap<string, string> {
  const origins = new Map<string, SuppressionRecord['origin']>();
  const folded = addresses.map(foldAddress);
  for (let at = 0; at < folded.length; at += ADDRESSES_AT_ONCE) {
    const rows = sql.exec<{ folded: string; origin: SuppressionRecord['origin'] }>(
      `SELECT folded, origin FROM suppressions WHERE folded IN (SELECT value FROM json_each(?)) AND ${APPLIES}`,
      JSON.stringify(folded.slice(at, at + ADDRESSES_AT_ONCE)),
      now,
    );
    for (const { folded: address, origin } of rows) origins.set(address, origin);
  }
  const reasons = new Map<string, string>();
  for (const address of origins.size === 0 ? [] : addresses) {
    const origin = origins.get(foldAddress(address));
    if (origin !== undefined) reasons.set(address, REASONS[origin]);
  }
  return reasons;
}

export function suppress(
  room: Room,
  { entries, now }: { readonly entries: readonly NewSuppression[]; readonly now: number },
): readonly SuppressionRecord[] {
  return room.sql.transaction(() =>
    entries.map((entry) => addEntry(room, { entry: { ...entry, origin: 'manual', sourceId: null }, now })),
  );
}

/** An entry that still applies stays as it is; one that has ended is replaced. */
export function addEntry(
  room: Room,
  { entry, now }: { readonly entry: Omit<SuppressionRecord, 'createdAt'>; readonly now: number },
): SuppressionRecord {
  const { sql } = room;
  const folded = foldAddress(entry.address);
  const known = find({ sql, column: 'folded', value: folded, now });
  if (known !== null) return known;
  const ended = sql.exec<SuppressionRow>(
    `DELETE FROM suppressions WHERE folded = ? RETURNING ${COLUMNS}`,
    folded,
  );
  tellRemoved(room, { entries: ended.map(recordOf), now });
  sql.exec(
    `INSERT INTO suppressions (${COLUMNS}, folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    entry.id,
    entry.address,
    entry.origin,
    entry.sourceId,
    entry.note,
    entry.expiresAt,
    now,
    folded,
  );
  const added = { ...entry, createdAt: now };
  writeSuppressionEvent(room, { type: 'suppression.added', entry: added, now });
  return added;
}

/**
 * For an address that must not be written to again: it bounced, complained or asked for no more. An entry that would have
 * ended by itself stays, for this reason, under its id; it was told when it was made.
 */
export function addLasting(
  room: Room,
  {
    entry,
    now,
  }: { readonly entry: Omit<SuppressionRecord, 'createdAt' | 'expiresAt'>; readonly now: number },
): void {
  const known = addEntry(room, { entry: { ...entry, expiresAt: null }, now });
  if (known.expiresAt === null) return;
  room.sql.exec(
    'UPDATE suppressions SET expires_at = NULL, origin = ?, source_id = ?, note = ? WHERE id = ?',
    entry.origin,
    entry.sourceId,
    entry.note,
    known.id,
  );
}

/**
 * Removes entries whose time is over, `limit` at most, the longest over first. They had stopped to apply by themselves;
 * this is where it is told.
 */
export function endSuppressions(
  room: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): number {
  const ended = room.sql.exec<SuppressionRow>(
    `DELETE FROM suppressions WHERE id IN
       (SELECT id FROM suppressions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING ${COLUMNS}`,
    now,
    limit,
  );
  tellRemoved(room, { entries: ended.map(recordOf), now });
  return ended.length;
}

/** When the next entry ends by itself, or null. */
export function nextSuppressionEnd({ sql }: Room): number | null {
  const [row] = sql.exec<{ at: number | null }>(
    'SELECT MIN(expires_at) AS at FROM suppressions WHERE expires_at IS NOT NULL',
  );
  return row?.at ?? null;
}

function tellRemoved(
  room: Room,
  { entries, now }: { readonly entries: readonly SuppressionRecord[]; readonly now: number },
): void {
  for (const entry of entries) writeSuppressionEvent(room, { type: 'suppression.removed', entry, now });
}

export function suppressions(
  { sql }: Room,
  {
    page,
    origin,
    now,
  }: { readonly page: Page; readonly origin: SuppressionRecord['origin'] | null; readonly now: number },
): Result<PageOf<SuppressionRecord>> {
  const where =
    origin === null
      ? { condition: APPLIES, values: [now] }
      : { condition: `origin = ? AND ${APPLIES}`, values: [origin, now] };
  const listing = { select: `SELECT ${COLUMNS} FROM suppressions`, table: 'suppressions', where };
  const read = readPage<SuppressionRow>({ sql, listing, page });
  if (!read.ok) return read;
  return { ok: true, value: { items: read.value.items.map(recordOf), hasMore: read.value.hasMore } };
}

export function suppression(
  { sql }: Room,
  { idOrAddress, now }: { readonly idOrAddress: string; readonly now: number },
): SuppressionRecord | null {
  return idOrAddress.includes('@')
    ? find({ sql, column: 'folded', value: foldAddress(idOrAddress), now })
    : find({ sql, column: 'id', value: idOrAddress, now });
}

export function unsuppress(
  room: Room,
  { idsOrAddresses, now }: { readonly idsOrAddresses: readonly string[]; readonly now: number },
): readonly SuppressionRecord[] {
  return room.sql.transaction(() => {
    const removed: SuppressionRecord[] = [];
    for (const idOrAddress of idsOrAddresses) {
      const entry = suppression(room, { idOrAddress, now });
      if (entry === null) continue;
      room.sql.exec('DELETE FROM suppressions WHERE id = ?', entry.id);
      removed.push(entry);
    }
    tellRemoved(room, { entries: removed, now });
    return removed;
  });
}

function find({
  sql,
  column,
  value,
  now,
}: {
  readonly sql: Sql;
  readonly column: 'id' | 'folded';
  readonly value: string;
  readonly now: number;
}): SuppressionRecord | null {
  const [row] = sql.exec<SuppressionRow>(
    `SELECT ${COLUMNS} FROM suppressions WHERE ${column} = ? AND ${APPLIES}`,
    value,
    now,
  );
  return row === undefined ? null : recordOf(row);
}

function recordOf(row: SuppressionRow): SuppressionRecord {
  const { id, address, origin, source_id: sourceId, note } = row;
  return { id, address, origin, sourceId, note, expiresAt: row.expires_at, createdAt: row.created_at };
}
