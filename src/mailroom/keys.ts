import type { AdmittedKey, Result } from './mailroom.ts';
import { readPage } from './pages.ts';
import type { ApiKeyRecord, NewApiKey, Page, PageOf } from './records.ts';
import { notFound, refused } from './refusals.ts';
import type { Room } from './room.ts';
import type { Sql } from './sql.ts';

/** `last_used_at` is written this often at most: a write per request would make every read cost an fsync. */
const LAST_USED_EVERY_MS = 60_000;
/** Compared with when no such key exists, so that an unknown key takes the time of a wrong one. */
const NO_HASH = '0'.repeat(64);

type KeyRow = {
  id: string;
  name: string;
  permission: ApiKeyRecord['permission'];
  domain: string | null;
  created_at: number;
  last_used_at: number | null;
};

/** Finds a key by its public part and holds the hash against it; null for unknown, revoked and wrong alike. */
export function findKey({
  sql,
  id,
  hash,
  now,
}: {
  readonly sql: Sql;
  readonly id: string;
  readonly hash: string;
  readonly now: number;
}): AdmittedKey | null {
  const [row] = sql.exec<KeyRow & { hash: string }>(
    'SELECT id, hash, permission, domain, last_used_at FROM api_keys WHERE public_id = ?',
    id,
  );
  if (!equalInConstantTime(row?.hash ?? NO_HASH, hash) || row === undefined) return null;
  if (row.last_used_at === null || Math.abs(now - row.last_used_at) >= LAST_USED_EVERY_MS) {
    sql.exec('UPDATE api_keys SET last_used_at = ? WHERE id = ?', now, row.id);
  }
  return { id: row.id, permission: row.permission, domain: row.domain };
}

export function createApiKey(
  { sql }: Room,
  { key, now }: { readonly key: NewApiKey; readonly now: number },
): Result<ApiKeyRecord> {
  const { id, publicId, hash, name, permission, domain } = key;
  const rows = sql.exec(
    `INSERT INTO api_keys (id, public_id, hash, name, permission, domain, created_at, last_used_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING RETURNING id`,
    id,
    publicId,
    hash,
    name,
    permission,
    domain,
    now,
  );
  if (rows.length === 0)
    return refused({ code: 'validation_error', message: 'This API key exists already.' });
  return { ok: true, value: { id, name, permission, domain, createdAt: now, lastUsedAt: null } };
}

export function apiKeys(
  { sql }: Room,
  { page }: { readonly page: Page | null },
): Result<PageOf<ApiKeyRecord>> {
  const select = 'SELECT id, name, permission, domain, created_at, last_used_at FROM api_keys';
  if (page === null) {
    const rows = sql.exec<KeyRow>(`${select} ORDER BY created_at DESC, id DESC`);
    return { ok: true, value: { items: rows.map(recordOf), hasMore: false } };
  }
  const read = readPage<KeyRow>({ sql, listing: { select, table: 'api_keys' }, page });
  if (!read.ok) return read;
  return { ok: true, value: { items: read.value.items.map(recordOf), hasMore: read.value.hasMore } };
}

export function renameApiKey(
  { sql }: Room,
  { id, name }: { readonly id: string; readonly name: string },
): Result<{ readonly id: string }> {
  const rows = sql.exec('UPDATE api_keys SET name = ? WHERE id = ? RETURNING id', name, id);
  return rows.length === 0 ? notFound('API key') : { ok: true, value: { id } };
}

/** The key is refused from the next request on. */
export function removeApiKey(
  { sql }: Room,
  { id }: { readonly id: string },
): Result<{ readonly id: string }> {
  const rows = sql.exec('DELETE FROM api_keys WHERE id = ? RETURNING id', id);
  return rows.length === 0 ? notFound('API key') : { ok: true, value: { id } };
}

function recordOf(row: KeyRow): ApiKeyRecord {
  const { id, name, permission, domain, created_at: createdAt, last_used_at: lastUsedAt } = row;
  return { id, name, permission, domain, createdAt, lastUsedAt };
}

/** Looks at every character whatever it finds, so that the time taken tells nothing about the stored hash. */
function equalInConstantTime(stored: string, given: string): boolean {
  let difference = stored.length ^ given.length;
  for (let place = 0; place < stored.length; place++) {
    difference |= stored.charCodeAt(place) ^ given.charCodeAt(place);
  }
  return difference === 0;
}
