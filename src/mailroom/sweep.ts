import { removeEvents } from './event-tags.ts';
import { forgetDeleted, giveUpObjects, takeUnconfirmed } from './leaving-objects.ts';
import type { Result } from './mailroom.ts';
import { sweepMarks } from './receive.ts';
import { notFound, refused } from './refusals.ts';
import { sweepReceived } from './remove-received.ts';
import type { Room } from './room.ts';
import { endSuppressions } from './suppressions.ts';
import { sweepWebhooks } from './sweep-webhooks.ts';
import { sweepUploads } from './uploads.ts';

/** The clock that retention goes by is the due time: a mail scheduled a month ahead must not be swept as it is sent. */
const FINISHED_BEFORE = `SELECT seq FROM emails WHERE created_at < ? AND date < ?
  AND NOT EXISTS (SELECT 1 FROM recipients WHERE email = seq AND (due_at IS NOT NULL OR lease_until IS NOT NULL))
  ORDER BY created_at LIMIT ?`;

/** Removes what is past its time, `limit` rows of each kind at most, and names the objects nothing needs any more. */
export function sweep(
  room: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): { readonly removed: number; readonly objects: readonly string[] } {
  const { sql, config } = room;
  return sql.transaction(() => {
    const cutoff = now - config.retentionMs;
    const old = sql.exec<{ seq: number }>(FINISHED_BEFORE, cutoff, cutoff, limit).map(({ seq }) => seq);
    const objects = removeEmails(room, { seqs: old, now });
    const uploads = sweepUploads(room, { now, limit });
    const received = sweepReceived(room, { now, limit });
    const answers = sql.exec(
      `DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE ends_at <= ? ORDER BY ends_at LIMIT ?)
       RETURNING ends_at`,
      now,
      limit,
    );
    const removed =
      old.length +
      answers.length +
      uploads.removed +
      received.removed +
      sweepMarks(room, { now, limit }) +
      forgetDeleted(room, { now, limit }) +
      sweepEvents(room, { before: now - config.eventRetentionMs, limit }) +
      sweepWebhooks(room, { now, limit }) +
      endSuppressions(room, { now, limit });
    const given = [...objects, ...uploads.objects, ...received.objects];
    return { removed, objects: [...given, ...takeUnconfirmed(room, { now, limit })] };
  });
}

function sweepEvents(
  { sql }: Room,
  { before, limit }: { readonly before: number; readonly limit: number },
): number {
  const old = sql.exec<{ seq: number }>(
    'SELECT seq FROM events WHERE created_at < ? ORDER BY created_at LIMIT ?',
    before,
    limit,
  );
  removeEvents({ sql, seqs: old.map(({ seq }) => seq) });
  return old.length;
}

/** Removes one mail at its owner's wish. An unfinished one would be lost mail. */
export function removeEmail(
  room: Room,
  { id, now }: { readonly id: string; readonly now: number },
): Result<{ readonly id: string; readonly objects: readonly string[] }> {
  return room.sql.transaction((): ReturnType<typeof removeEmail> => {
    const [row] = room.sql.exec<{ seq: number; unfinished: number }>(
      `SELECT seq, EXISTS (SELECT 1 FROM recipients WHERE email = seq
         AND (due_at IS NOT NULL OR lease_until IS NOT NULL)) AS unfinished FROM emails WHERE id = ?`,
      id,
    );
    if (row === undefined) return notFound('Email');
    if (row.unfinished === 1) {
      const message = 'Only a finished email can be deleted. Cancel it, or wait until it is sent.';
      return refused({ code: 'validation_error', message, field: 'id' });
    }
    return { ok: true, value: { id, objects: removeEmails(room, { seqs: [row.seq], now }) } };
  });
}

/** Removes mails with all their rows; answers the keys of objects that nothing names any more. */
function removeEmails(
  room: Room,
  { seqs, now }: { readonly seqs: readonly number[]; readonly now: number },
): readonly string[] {
  if (seqs.length === 0) return [];
  const { sql } = room;
  const list = JSON.stringify(seqs);
  const chosen = '(SELECT value FROM json_each(?))';
  const keys = sql.exec<{ key: string }>(
    `DELETE FROM email_objects WHERE email IN ${chosen} RETURNING key`,
    list,
  );
  const events = sql.exec<{ seq: number }>(`SELECT seq FROM events WHERE email IN ${chosen}`, list);
  removeEvents({ sql, seqs: events.map(({ seq }) => seq) });
  for (const table of ['bodies', 'attachments', 'recipients'] as const) {
    sql.exec(`DELETE FROM ${table} WHERE email IN ${chosen}`, list);
  }
  sql.exec(`DELETE FROM emails WHERE seq IN ${chosen}`, list);
  return giveUpObjects(room, { keys: keys.map(({ key }) => key), now });
}
