import type { Refusal } from '../../schemas/error.ts';
import { idempotentRequestDiffers, idempotentRequestRunning } from '../../schemas/refusal.ts';
import type { IdempotencyClaim, StoredAnswer } from './mailroom.ts';
import type { Sql } from './sql.ts';

/** A reservation ends by itself, or a worker that died would block its key for a day. */
const RESERVATION_MS = 60_000;
/** A key is remembered this long from acceptance (wire-contract.md §4). */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** What is known of a key: nothing, an answer to give again, or a reason to refuse. */
export type KeyCheck =
  | { readonly kind: 'free' }
  | { readonly kind: 'replay'; readonly answer: StoredAnswer }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Looks a key up. The end is decided by the stored time: the sweep that removes the row may be late. */
export function checkKey({
  sql,
  claim,
  now,
}: {
  readonly sql: Sql;
  readonly claim: IdempotencyClaim;
  readonly now: number;
}): KeyCheck {
  const row = read({ sql, claim });
  if (row === undefined || row.ends_at <= now) return { kind: 'free' };
  if (row.fingerprint !== claim.fingerprint) return { kind: 'refused', refusal: idempotentRequestDiffers() };
  if (row.status === null || row.answer === null)
    return { kind: 'refused', refusal: idempotentRequestRunning() };
  return { kind: 'replay', answer: { status: row.status, body: row.answer } };
}

/** Takes a key that `checkKey` found free. */
export function reserveKey({
  sql,
  claim,
  token,
  now,
}: {
  readonly sql: Sql;
  readonly claim: IdempotencyClaim;
  readonly token: string;
  readonly now: number;
}): void {
  sql.exec(
    `INSERT INTO idempotency (endpoint, key, fingerprint, token, status, answer, ends_at)
     VALUES (?, ?, ?, ?, NULL, NULL, ?)
     ON CONFLICT (endpoint, key) DO UPDATE SET fingerprint = excluded.fingerprint, token = excluded.token,
       status = NULL, answer = NULL, ends_at = excluded.ends_at`,
    claim.endpoint,
    claim.key,
    claim.fingerprint,
    token,
    now + RESERVATION_MS,
  );
}

/** Null while the token still holds the key: the fence that keeps a worker thought dead from accepting a second time. */
export function checkReservation({
  sql,
  claim,
  token,
}: {
  readonly sql: Sql;
  readonly claim: IdempotencyClaim;
  readonly token: string;
}): Refusal | null {
  const held = sql.exec(
    'SELECT 1 FROM idempotency WHERE endpoint = ? AND key = ? AND token = ?',
    claim.endpoint,
    claim.key,
    token,
  );
  return held.length === 1 ? null : idempotentRequestRunning();
}

/** Stores the answer in the transaction that accepts. */
export function completeKey({
  sql,
  claim,
  answer,
  now,
}: {
  readonly sql: Sql;
  readonly claim: IdempotencyClaim;
  readonly answer: StoredAnswer;
  readonly now: number;
}): void {
  sql.exec(
    `INSERT INTO idempotency (endpoint, key, fingerprint, token, status, answer, ends_at)
     VALUES (?, ?, ?, NULL, ?, ?, ?)
     ON CONFLICT (endpoint, key) DO UPDATE SET fingerprint = excluded.fingerprint, token = NULL,
       status = excluded.status, answer = excluded.answer, ends_at = excluded.ends_at`,
    claim.endpoint,
    claim.key,
    claim.fingerprint,
    answer.status,
    answer.body,
    now + REMEMBERED_MS,
  );
}

/** Gives a reservation up. One that another request has taken over meanwhile is left alone. */
export function releaseKey({
  sql,
  key,
  endpoint,
  token,
}: {
  readonly sql: Sql;
  readonly key: string;
  readonly endpoint: string;
  readonly token: string;
}): void {
  sql.exec('DELETE FROM idempotency WHERE endpoint = ? AND key = ? AND token = ?', endpoint, key, token);
}

type KeyRow = {
  fingerprint: string;
  status: number | null;
  answer: string | null;
  ends_at: number;
};

function read({ sql, claim }: { readonly sql: Sql; readonly claim: IdempotencyClaim }): KeyRow | undefined {
  return sql.exec<KeyRow>(
    'SELECT fingerprint, status, answer, ends_at FROM idempotency WHERE endpoint = ? AND key = ?',
    claim.endpoint,
    claim.key,
  )[0];
}
