import type { Result } from './mailroom.ts';
import { readPage } from './pages.ts';
import type { Page, PageOf } from './records.ts';
import { notFound, refused } from './refusals.ts';
import type { Room } from './room.ts';
import type { DisabledReason, NewWebhook, WebhookRecord, WebhookVerbs } from './webhook-records.ts';
import {
  callOff,
  findWebhook,
  type KeptSecret,
  secretsOf,
  type WebhookRow,
  webhookRecord,
} from './webhook-row.ts';

/** Each event looks at all of them, and each may have calls under way. */
const MAX_WEBHOOKS = 50;

/** A secret that was replaced signs for this long beside the new one (wire-contract.md §12.2). */
const ROTATION_MS = 24 * 60 * 60 * 1000;

/** Secrets that sign at once: whoever rotates more often than this in a day loses the oldest early. */
const MAX_SECRETS = 4;

type Ref = { readonly id: string };

export function createWebhook(
  { sql }: Room,
  { webhook, now }: { readonly webhook: NewWebhook; readonly now: number },
): Result<WebhookRecord> {
  return sql.transaction((): Result<WebhookRecord> => {
    const [count] = sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM webhooks WHERE status <> 'removed'`);
    if ((count?.n ?? 0) >= MAX_WEBHOOKS) {
      const message = `An account has at most ${MAX_WEBHOOKS} webhooks. Delete one first.`;
      return refused({ code: 'validation_error', message });
    }
    const { id, endpoint, types, sealedSecret, includeBody = false } = webhook;
    sql.exec(
      `INSERT INTO webhooks (id, endpoint, types, status, secrets, created_at, include_body)
       VALUES (?, ?, ?, 'enabled', ?, ?, ?)`,
      id,
      endpoint,
      JSON.stringify(types),
      JSON.stringify([{ sealed: sealedSecret, until: null } satisfies KeptSecret]),
      now,
      includeBody ? 1 : 0,
    );
    const state = { status: 'enabled', disabledReason: null, disabledAt: null } as const;
    return { ok: true, value: { ...webhook, includeBody, ...state, createdAt: now } };
  });
}

export function webhooks({ sql }: Room, { page }: { readonly page: Page }): Result<PageOf<WebhookRecord>> {
  const where = { condition: `status <> 'removed'`, values: [] };
  const listing = { select: 'SELECT * FROM webhooks', table: 'webhooks', where };
  const read = readPage<WebhookRow>({ sql, listing, page });
  if (!read.ok) return read;
  return { ok: true, value: { items: read.value.items.map(webhookRecord), hasMore: read.value.hasMore } };
}

export function webhook({ sql }: Room, { id }: Ref): WebhookRecord | null {
  const row = findWebhook(sql, id);
  return row === null ? null : webhookRecord(row);
}

export function updateWebhook(
  room: Room,
  { id, endpoint, types, status, includeBody, now }: Parameters<WebhookVerbs['updateWebhook']>[0],
): Result<Ref> {
  const { sql } = room;
  return sql.transaction((): Result<Ref> => {
    const row = findWebhook(sql, id);
    if (row === null) return notFound('Webhook');
    sql.exec(
      'UPDATE webhooks SET endpoint = ?, types = ?, include_body = ? WHERE seq = ?',
      endpoint ?? row.endpoint,
      types === undefined ? row.types : JSON.stringify(types),
      includeBody === undefined ? row.include_body : Number(includeBody),
      row.seq,
    );
    if (endpoint !== undefined && endpoint !== row.endpoint) move(room, row);
    if (status === 'enabled' && row.status !== 'enabled') enable(room, row);
    if (status === 'disabled' && row.status !== 'disabled') disable(room, { row, reason: 'by_request', now });
    return { ok: true, value: { id } };
  });
}

/**
 * What the old place answers, now or before, says nothing about the new one: a 410 that is still on its way would disable it. Calls
 * under way are due again, uncounted, as if they had never been claimed.
 */
function move({ sql }: Room, { seq }: WebhookRow): void {
  sql.exec('UPDATE webhooks SET failing_since = NULL, failed_at = NULL WHERE seq = ?', seq);
  sql.exec(
    `UPDATE webhook_deliveries SET lease_until = NULL, claim_id = NULL
     WHERE webhook = ? AND lease_until IS NOT NULL`,
    seq,
  );
  callOff(sql);
}

/** It begins anew: what failed before does not count against it. */
function enable({ sql }: Room, { seq }: WebhookRow): void {
  sql.exec(
    `UPDATE webhooks SET status = 'enabled', disabled_reason = NULL, disabled_at = NULL, failing_since = NULL,
       failed_at = NULL WHERE seq = ?`,
    seq,
  );
}

/** Nothing is sent any more, and what waited has failed. */
export function disable(
  { sql }: Room,
  {
    row: { seq },
    reason,
    now,
  }: {
    readonly row: Pick<WebhookRow, 'seq'>;
    readonly reason: DisabledReason;
    readonly now: number;
  },
): void {
  sql.exec(
    `UPDATE webhooks SET status = 'disabled', disabled_reason = ?, disabled_at = ? WHERE seq = ?`,
    reason,
    now,
    seq,
  );
  callOff(sql);
}

/** At once for everybody; its rows, which may be many, go with the next sweeps. */
export function removeWebhook({ sql }: Room, { id }: Ref): Result<Ref> {
  const rows = sql.exec(
    `UPDATE webhooks SET status = 'removed', endpoint = '', types = '[]', secrets = '[]'
     WHERE id = ? AND status <> 'removed' RETURNING id`,
    id,
  );
  return rows.length === 0 ? notFound('Webhook') : { ok: true, value: { id } };
}

export function rotateWebhookSecret(
  { sql }: Room,
  { id, sealedSecret, now }: Ref & { readonly sealedSecret: string; readonly now: number },
): Result<Ref> {
  return sql.transaction((): Result<Ref> => {
    const row = findWebhook(sql, id);
    if (row === null) return notFound('Webhook');
    const before = secretsOf(row)
      .map(({ sealed, until }) => ({ sealed, until: until ?? now + ROTATION_MS }))
      .filter(({ until }) => until > now);
    const secrets: readonly KeptSecret[] = [{ sealed: sealedSecret, until: null }, ...before];
    sql.exec(
      'UPDATE webhooks SET secrets = ? WHERE seq = ?',
      JSON.stringify(secrets.slice(0, MAX_SECRETS)),
      row.seq,
    );
    return { ok: true, value: { id } };
  });
}
