import type { Room } from './room.ts';

/** Removes what webhooks leave behind, `limit` rows of each kind at most. Answers how many. */
export function sweepWebhooks(
  room: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): number {
  return (
    sweepMessages(room, { before: now - room.config.eventRetentionMs, limit }) + sweepRemoved(room, limit)
  );
}

/** A message goes with the log of its deliveries. One that is still to be sent stays, however old: a replay is young. */
function sweepMessages(
  { sql }: Room,
  { before, limit }: { readonly before: number; readonly limit: number },
): number {
  const old = sql.exec<{ seq: number }>(
    `SELECT seq FROM webhook_messages WHERE created_at < ? AND NOT EXISTS (
       SELECT 1 FROM webhook_deliveries
       WHERE webhook IN (SELECT seq FROM webhooks WHERE status = 'enabled')
         AND message = webhook_messages.seq AND due_at IS NOT NULL)
     ORDER BY created_at LIMIT ?`,
    before,
    limit,
  );
  if (old.length === 0) return 0;
  const list = JSON.stringify(old.map(({ seq }) => seq));
  for (const table of ['webhook_attempts', 'webhook_deliveries'] as const) {
    sql.exec(
      `DELETE FROM ${table} WHERE webhook IN (SELECT seq FROM webhooks)
         AND message IN (SELECT value FROM json_each(?))`,
      list,
    );
  }
  sql.exec('DELETE FROM webhook_messages WHERE seq IN (SELECT value FROM json_each(?))', list);
  return old.length;
}

/** The rows of one webhook that was removed; itself when none is left. */
function sweepRemoved({ sql }: Room, limit: number): number {
  const [removed] = sql.exec<{ seq: number }>(`SELECT seq FROM webhooks WHERE status = 'removed' LIMIT 1`);
  if (removed === undefined) return 0;
  const gone = [
    ...sql.exec(
      `DELETE FROM webhook_attempts WHERE seq IN (SELECT seq FROM webhook_attempts WHERE webhook = ? LIMIT ?)
       RETURNING seq`,
      removed.seq,
      limit,
    ),
    ...sql.exec(
      `DELETE FROM webhook_deliveries WHERE webhook = ? AND message IN (
         SELECT message FROM webhook_deliveries WHERE webhook = ? ORDER BY message LIMIT ?) RETURNING message`,
      removed.seq,
      removed.seq,
      limit,
    ),
  ];
  if (gone.length > 0) return gone.length;
  sql.exec('DELETE FROM webhooks WHERE seq = ?', removed.seq);
  return 1;
}
