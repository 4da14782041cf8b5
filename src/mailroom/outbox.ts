import { storeAttachments } from './attachments.ts';
import type { EventMail } from './event-mail.ts';
import { writeEvent } from './events.ts';
import { laneOf, SIMULATED } from './lane.ts';
import type { NewEmail } from './records.ts';
import type { Room } from './room.ts';
import { stepEvent } from './step.ts';
import { suppressedAmong } from './suppressions.ts';

interface Stored {
  /** Its place in the table. */
  readonly seq: number;
  readonly email: NewEmail;
  readonly dueAt: number;
  readonly now: number;
}

/**
 * Stores mails with everything that belongs to them. Runs inside the transaction that accepts.
 *
 * A suppressed recipient is recorded and finished at once; it is never in the queue.
 */
export function storeEmails(
  room: Room,
  { emails, now }: { readonly emails: readonly NewEmail[]; readonly now: number },
): void {
  if (emails.length === 0) return;
  const addresses = emails.flatMap(({ envelope }) => envelope.map(({ address }) => address));
  const suppressed = suppressedAmong({ sql: room.sql, addresses, now });
  let seq = lastPlace(room);
  for (const email of emails) {
    seq += 1;
    const stored: Stored = { seq, email, dueAt: Math.max(email.scheduledAt ?? now, now), now };
    storeHead(room, stored);
    storeBody(room, stored);
    storeAttachments({ sql: room.sql, seq, attachments: email.attachments });
    storeRecipients(room, stored, suppressed);
  }
}

/** Places are given as SQLite would give them, one behind the last: asked for once, and not of every row with RETURNING. */
function lastPlace({ sql }: Room): number {
  const [row] = sql.exec<{ seq: number | null }>('SELECT MAX(seq) AS seq FROM emails');
  return row?.seq ?? 0;
}

function storeHead({ sql }: Room, { seq, email, dueAt, now }: Stored): void {
  sql.exec(
    `INSERT INTO emails (seq, id, created_at, date, scheduled_at, message_id, boundary, sender, from_domain, tls, subject, head)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
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
}

/** The header fields that are stored as they were given, as one JSON text. */
export type Head = Pick<NewEmail, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'headers' | 'tags'>;

function headOf({ from, to, cc, bcc, replyTo, headers, tags }: NewEmail): string {
  const head: Head = { from, to, cc, bcc, replyTo, headers, tags };
  return JSON.stringify(head);
}

function storeBody({ sql }: Room, { seq, email }: Stored): void {
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
  if (content.kind === 'inline' && attachments.length === 0 && objects.length === 0) return [];
  const own = content.kind === 'inline' ? [] : [content.key];
  return [...new Set([...objects, ...own, ...attachments.map(({ key }) => key)])];
}

function storeRecipients(
  room: Room,
  { seq, email, dueAt, now }: Stored,
  suppressed: ReadonlyMap<string, string>,
): void {
  const mail = eventMailOf(email, { seq, createdAt: now });
  const arrival = stepEvent({ type: dueAt > now ? 'email.scheduled' : 'email.queued' });
  let ordinal = 0;
  for (const { address, simulation } of email.envelope) {
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
    ordinal += 1;
    const event = reason === null ? arrival : stepEvent({ type: 'email.suppressed', reason });
    const about = { mail, recipient: address, attempt: 0, relay: null, maybeDuplicate: false };
    writeEvent(room, { about, event, nextAttemptAt: null, now });
  }
}

function eventMailOf(email: NewEmail, at: Pick<EventMail, 'seq' | 'createdAt'>): EventMail {
  const { id, messageId, from, to, subject, headers, tags } = email;
  return { id, messageId, from, to, subject, headers, tags, seq: at.seq, createdAt: at.createdAt };
}
