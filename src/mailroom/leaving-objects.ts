import type { Refusal } from '../../schemas/error.ts';
import type { Room } from './room.ts';

/** No deletion lasts longer: the clerk gives up well before. Only then may an unconfirmed one be thought over. */
const DELETION_MS = 15 * 60_000;
/** As long as no request lasts. Until then it is remembered that an object was deleted. */
const REMEMBERED_MS = 24 * 60 * 60_000;
/** A bound value is below 2 MB on both hosts, and a key 120 bytes at most. */
const KEYS_AT_ONCE = 10_000;
/** A deletion is a matter of moments. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Every column that names an object: what stands in none of them is deleted. Other tables of mails repeat keys that
 * `email_objects` and `received_objects` have.
 */
export const NAMED_IN: readonly (readonly [table: string, column: string])[] = [
  ['email_objects', 'key'],
  ['received_objects', 'key'],
  ['uploads', 'object_key'],
  ['uploads', 'content_key'],
];

const LISTED = '(SELECT value FROM json_each(?))';
const UNNAMED = NAMED_IN.map(
  ([table, column]) => `NOT EXISTS (SELECT 1 FROM ${table} WHERE ${table}.${column} = listed.value)`,
).join(' AND ');

const BEING_DELETED: Refusal = {
  code: 'unavailable',
  message: 'A file of this message is being deleted from storage. Please send it again.',
  retryAfterSeconds: RETRY_AFTER_SECONDS,
};

type Keys = readonly string[];

/**
 * Objects are deleted outside of the transaction that decides it. A request may meanwhile have stored the same bytes under
 * the same key, and the deletion would take them away: it is refused, and stored again a little later. `since` is when the
 * request began, before it stored anything.
 *
 * Null: all of them may be named, and are not on their way out any more.
 */
export function keepObjects(
  { sql }: Room,
  { keys, since }: { readonly keys: Keys; readonly since: number },
): Refusal | null {
  for (const list of listsOf(keys)) {
    const [blocked] = sql.exec(
      `SELECT 1 FROM leaving_objects WHERE key IN ${LISTED} AND COALESCE(deleted_at, given_up_at + ?) >= ? LIMIT 1`,
      list,
      DELETION_MS,
      since,
    );
    if (blocked !== undefined) return BEING_DELETED;
  }
  for (const list of listsOf(keys)) sql.exec(`DELETE FROM leaving_objects WHERE key IN ${LISTED}`, list);
  return null;
}

/** Gives up those of these objects that nothing names; answers them. What is under deletion already is not answered again. */
export function giveUpObjects(
  { sql }: Room,
  { keys, now }: { readonly keys: Keys; readonly now: number },
): Keys {
  return listsOf(keys).flatMap((list) =>
    sql
      .exec<{ key: string }>(
        `INSERT INTO leaving_objects (key, given_up_at)
         SELECT DISTINCT value, ? FROM json_each(?) AS listed WHERE ${UNNAMED}
         ON CONFLICT (key) DO UPDATE SET given_up_at = excluded.given_up_at, deleted_at = NULL
           WHERE deleted_at IS NOT NULL
         RETURNING key`,
        now,
        list,
      )
      .map(({ key }) => key),
  );
}

export function objectsDeleted(
  { sql }: Room,
  { keys, now }: { readonly keys: Keys; readonly now: number },
): void {
  for (const list of listsOf(keys))
    sql.exec(
      `UPDATE leaving_objects SET deleted_at = ? WHERE deleted_at IS NULL AND key IN ${LISTED}`,
      now,
      list,
    );
}

/** Those whose deletion was begun long ago and never confirmed: whoever did it is gone. Deleting twice is no error. */
export function takeUnconfirmed(
  { sql }: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): Keys {
  const rows = sql.exec<{ key: string }>(
    `UPDATE leaving_objects SET given_up_at = ? WHERE key IN (
       SELECT key FROM leaving_objects WHERE deleted_at IS NULL AND given_up_at <= ? ORDER BY given_up_at LIMIT ?)
     RETURNING key`,
    now,
    now - DELETION_MS,
    limit,
  );
  return rows.map(({ key }) => key);
}

/** Answers how many. */
export function forgetDeleted(
  { sql }: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): number {
  return sql.exec(
    `DELETE FROM leaving_objects WHERE key IN (
       SELECT key FROM leaving_objects WHERE deleted_at <= ? ORDER BY given_up_at LIMIT ?) RETURNING key`,
    now - REMEMBERED_MS,
    limit,
  ).length;
}

/** As JSON texts that can be bound. */
function listsOf(keys: Keys): readonly string[] {
  const lists: string[] = [];
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE)
    lists.push(JSON.stringify(keys.slice(at, at + KEYS_AT_ONCE)));
  return lists;
}
