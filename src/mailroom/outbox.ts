import { storeAttachments } from './attachments.ts';
import type { EventMail } from './event-mail.ts';
import { type NewEvent, writeEvents } from './events.ts';
import { laneOf, SIMULATED } from './lane.ts';
import type { NewEmail } from './records.ts';
import type { Room } from './room.ts';
import { rowsInto } from './rows-into.ts';
import type { SqlValue } from './sql.ts';
import { stepEvent } from './step.ts';
import { suppressedAmong } from './suppressions.ts';

const QUEUED = stepEvent({ type: 'email.queued' });
const SCHEDULED = stepEvent({ type: 'email.scheduled' });

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
  const stored = emails.map((email): Stored => {
    seq += 1;
    return { seq, email, dueAt: Math.max(email.scheduledAt ?? now, now), now };
  });
  // Table by table: in a batch one statement takes the rows of several mails.
  intoEmails(room.sql, stored.map(headRow));
  intoBodies(room.sql, stored.map(bodyRow));
  for (const { seq, email } of stored) {
    for (const key of objectsOf(email))
      room.sql.exec('INSERT INTO email_objects (key, email) VALUES (?, ?)', key, seq);
    storeAttachments({ sql: room.sql, seq, attachments: email.attachments });
  }
  storeRecipients(room, { stored, suppressed, now });
}

/** Places are given as SQLite would give them, one behind the last: asked for once, and not of every row with RETURNING. */
function lastPlace({ sql }: Room): number {
  const [row] = sql.exec<{ seq: number | null }>('SELECT MAX(seq) AS seq FROM emails');
  return row?.seq ?? 0;
}

const intoEmails = rowsInto('emails', [
  'seq',
  'id',
  'created_at',
  'date',
  'scheduled_at',
  'message_id',
  'boundary',
  'sender',
  'from_domain',
  'tls',
  'subject',
  'head',
]);

function headRow({ seq, email, dueAt, now }: Stored): readonly SqlValue[] {
  return [
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
  ];
}

/** The header fields that are stored as they were given, as one JSON text. */
export type Head = Pick<NewEmail, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'headers' | 'tags'>;

function headOf({ from, to, cc, bcc, replyTo, headers, tags }: NewEmail): string {
  const head: Head = { from, to, cc, bcc, replyTo, headers, tags };
  return JSON.stringify(head);
}

const intoBodies = rowsInto('bodies', ['email', 'html', 'text', 'object_key', 'raw_size']);

function bodyRow({ seq, email: { content } }: Stored): readonly SqlValue[] {
  switch (content.kind) {
    case 'inline':
      return [seq, content.html, content.text, null, null];
    case 'object':
      return [seq, null, null, content.key, null];
    case 'raw':
      return [seq, null, null, content.key, content.size];
  }
}

/** The keys of all objects that a mail names, each once. */
export function objectsOf({ content, attachments, objects }: NewEmail): readonly string[] {
  if (content.kind === 'inline' && attachments.length === 0 && objects.length === 0) return [];
  const own = content.kind === 'inline' ? [] : [content.key];
  return [...new Set([...objects, ...own, ...attachments.map(({ key }) => key)])];
}

const intoRecipients = rowsInto('recipients', [
  'email',
  'ordinal',
  'address',
  'simulation',
  'state',
  'reason',
  'lane',
  'due_at',
  'first_due_at',
]);

function storeRecipients(
  room: Room,
  {
    stored,
    suppressed,
    now,
  }: {
    readonly stored: readonly Stored[];
    readonly suppressed: ReadonlyMap<string, string>;
    readonly now: number;
  },
): void {
  const rows: SqlValue[][] = [];
  const events: NewEvent[] = [];
  for (const { seq, email, dueAt } of stored) {
    const mail = eventMailOf(email, { seq, createdAt: now });
    const arrival = dueAt > now ? SCHEDULED : QUEUED;
    for (const [ordinal, { address, simulation }] of email.envelope.entries()) {
      const reason = suppressed.get(address) ?? null;
      const relay = simulation === null ? '' : SIMULATED;
      const secure = simulation === null && email.tls === 'enforced';
      const state = reason === null ? 'queued' : 'suppressed';
      const lane = laneOf({ relay, pinned: false, secure });
      rows.push([
        seq,
        ordinal,
        address,
        simulation,
        state,
        reason,
        lane,
        reason === null ? dueAt : null,
        dueAt,
      ]);
      const about = { mail, recipient: address, attempt: 0, relay: null, maybeDuplicate: false };
      const event = reason === null ? arrival : stepEvent({ type: 'email.suppressed', reason });
      events.push({ about, event, nextAttemptAt: null });
    }
  }
  intoRecipients(room.sql, rows);
  writeEvents(room, { events, now });
}

function eventMailOf(email: NewEmail, at: Pick<EventMail, 'seq' | 'createdAt'>): EventMail {
  const { id, messageId, from, to, subject, headers, tags } = email;
  return { id, messageId, from, to, subject, headers, tags, seq: at.seq, createdAt: at.createdAt };
}
