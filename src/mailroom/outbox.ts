import { storeAttachments } from './attachments.ts';
import { writeEvent } from './events.ts';
import { laneOf, SIMULATED } from './lane.ts';
import type { NewEmail } from './records.ts';
import type { Room } from './room.ts';
import { stepEvent } from './step.ts';
import { suppressedAmong } from './suppressions.ts';

/**
 * Stores one mail with everything that belongs to it. Runs inside the transaction that accepts.
 *
 * A suppressed recipient is recorded and finished at once; it is never in the queue.
 */
export function storeEmail(
  room: Room,
  { email, now }: { readonly email: NewEmail; readonly now: number },
): void {
  const { sql } = room;
  const dueAt = Math.max(email.scheduledAt ?? now, now);
  const [row] = sql.exec<{ seq: number }>(
    `INSERT INTO emails (id, created_at, date, scheduled_at, message_id, boundary, sender, from_domain, tls, subject, head)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
    email.id,
    now,
    dueAt,
    email.scheduledAt,
    email.messageId,
    email.boundary,
    email.sender,
    email.fromDomain,
    email.tls,
    email.subject,
    headOf(email),
  );
  if (row === undefined) throw new Error('INSERT … RETURNING gave no row');
  storeBody(room, { seq: row.seq, email });
  storeAttachments({ sql, seq: row.seq, attachments: email.attachments });
  storeRecipients(room, { seq: row.seq, email, dueAt, now });
}

/** The header fields that are stored as they were given, as one JSON text. */
export type Head = Pick<NewEmail, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'headers' | 'tags'>;

function headOf({ from, to, cc, bcc, replyTo, headers, tags }: NewEmail): string {
  const head: Head = { from, to, cc, bcc, replyTo, headers, tags };
  return JSON.stringify(head);
}

function storeBody({ sql }: Room, { seq, email }: { readonly seq: number; readonly email: NewEmail }): void {
  const { content } = email;
  sql.exec(
    'INSERT INTO bodies (email, html, text, object_key, raw_size) VALUES (?, ?, ?, ?, ?)',
    seq,
    content.kind === 'inline' ? content.html : null,
    content.kind === 'inline' ? content.text : null,
    content.kind === 'inline' ? null : content.key,
    content.kind === 'raw' ? content.size : null,
  );
  for (const key of objectsOf(email))
    sql.exec('INSERT INTO email_objects (key, email) VALUES (?, ?)', key, seq);
}

/** The keys of all objects that a mail names, each once. */
export function objectsOf({ content, attachments, objects }: NewEmail): readonly string[] {
  const own = content.kind === 'inline' ? [] : [content.key];
  return [...new Set([...objects, ...own, ...attachments.map(({ key }) => key)])];
}

function storeRecipients(
  room: Room,
  {
    seq,
    email,
    dueAt,
    now,
  }: { readonly seq: number; readonly email: NewEmail; readonly dueAt: number; readonly now: number },
): void {
  const addresses = email.envelope.map(({ address }) => address);
  const suppressed = suppressedAmong({ sql: room.sql, addresses, now });
  const mail = { ...email, seq, createdAt: now };
  const arrival = stepEvent({ type: dueAt > now ? 'email.scheduled' : 'email.queued' });
  for (const [ordinal, { address, simulation }] of email.envelope.entries()) {
    const reason = suppressed.get(address) ?? null;
    const relay = simulation === null ? '' : SIMULATED;
    const secure = simulation === null && email.tls === 'enforced';
    room.sql.exec(
      `INSERT INTO recipients (email, ordinal, address, simulation, state, reason, lane, due_at, first_due_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      ordinal,
      address,
      simulation,
      reason === null ? 'queued' : 'suppressed',
      reason,
      laneOf({ relay, pinned: false, secure }),
      reason === null ? dueAt : null,
      dueAt,
    );
    const event = reason === null ? arrival : stepEvent({ type: 'email.suppressed', reason });
    const about = { mail, recipient: address, attempt: 0, relay: null, maybeDuplicate: false };
    writeEvent(room, { about, event, nextAttemptAt: null, now });
  }
}
