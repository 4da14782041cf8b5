import { messageIdOf } from './announce.ts';
import { removeEvents } from './event-tags.ts';
import type { InboxVerbs } from './inbox-verbs.ts';
import { giveUpObjects } from './leaving-objects.ts';
import { envelopeOf, headAt, type ReceivedRow } from './received-row.ts';
import { removeTerms, termsOf } from './received-terms.ts';
import { notFound } from './refusals.ts';
import type { Room } from './room.ts';

/** At its owner's wish, read or not. A repetition of it is still known as one and does not bring it back. */
export function removeReceived(
  room: Room,
  { id, now }: Parameters<InboxVerbs['removeReceived']>[0],
): ReturnType<InboxVerbs['removeReceived']> {
  return room.sql.transaction((): ReturnType<InboxVerbs['removeReceived']> => {
    const rows = room.sql.exec<ReceivedRow>('SELECT * FROM received WHERE id = ?', id);
    if (rows.length === 0) return notFound('Email');
    return { ok: true, value: { id, objects: remove(room, { rows, now }) } };
  });
}

/**
 * Removes what is past its retention, `limit` at most; one that has not been told yet stays. Where mail is kept for ever, reports
 * about mails of ours are not: they end as those mails do.
 */
export function sweepReceived(
  room: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): { readonly removed: number; readonly objects: readonly string[] } {
  const { inboundRetentionMs, retentionMs } = room.config;
  const only = inboundRetentionMs === null ? 'is_report = 1 AND' : '';
  const rows = room.sql.exec<ReceivedRow>(
    `SELECT * FROM received WHERE ${only} created_at < ? AND due_at IS NULL ORDER BY created_at LIMIT ?`,
    now - (inboundRetentionMs ?? retentionMs),
    limit,
  );
  return { removed: rows.length, objects: remove(room, { rows, now }) };
}

/** With all their rows; answers the keys of objects that nothing names any more. */
function remove(
  room: Room,
  { rows, now }: { readonly rows: readonly ReceivedRow[]; readonly now: number },
): readonly string[] {
  if (rows.length === 0) return [];
  const { sql } = room;
  for (const row of rows) {
    const terms = termsOf({ head: headAt(sql, row.seq), envelopeTo: envelopeOf(row) });
    removeTerms(sql, { seq: row.seq, createdAt: row.created_at, terms });
  }
  const list = JSON.stringify(rows.map(({ seq }) => seq));
  const chosen = '(SELECT value FROM json_each(?))';
  const keys = sql.exec<{ key: string }>(
    `DELETE FROM received_objects WHERE received IN ${chosen} RETURNING key`,
    list,
  );
  const events = sql.exec<{ seq: number; id: string }>(
    `SELECT seq, id FROM events WHERE received IN ${chosen}`,
    list,
  );
  // What calls hold of its text goes with it. Who is still to be called is told what everybody is told.
  sql.exec(
    `UPDATE webhook_messages SET full_payload = payload WHERE full_payload IS NOT NULL AND id IN ${chosen}`,
    JSON.stringify(events.map(({ id }) => messageIdOf(id))),
  );
  removeEvents({ sql, seqs: events.map(({ seq }) => seq) });
  for (const table of ['received_contents', 'received_attachments'] as const) {
    sql.exec(`DELETE FROM ${table} WHERE received IN ${chosen}`, list);
  }
  sql.exec(`DELETE FROM received WHERE seq IN ${chosen}`, list);
  return giveUpObjects(room, { keys: keys.map(({ key }) => key), now });
}
