import type { BounceDetail, EventType, Phase } from '../../schemas/delivery.ts';
import { announce, isFired } from './announce.ts';
import { emailData } from './email-data.ts';
import type { EventMail } from './event-mail.ts';
import { writeTags } from './event-tags.ts';
import type { Result } from './mailroom.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import { smtpOf } from './recipient-row.ts';
import type { EventRecord, Page, PageOf } from './records.ts';
import { notFound } from './refusals.ts';
import { deservesReview } from './review.ts';
import type { Room } from './room.ts';
import { rowsInto } from './rows-into.ts';
import type { SqlValue } from './sql.ts';
import type { StepEvent } from './step.ts';

/** Which recipient and which attempt an event is about. */
export interface EventSubject {
  readonly mail: EventMail;
  readonly recipient: string;
  readonly attempt: number;
  readonly relay: string | null;
  readonly maybeDuplicate: boolean;
}

/** What is written of an event. */
export interface NewEvent {
  readonly about: EventSubject;
  readonly event: StepEvent;
  readonly nextAttemptAt: number | null;
}

export function writeEvent(room: Room, { now, ...event }: NewEvent & { readonly now: number }): void {
  writeEvents(room, { events: [event], now });
}

/** The one place where the events of mails are written, with what follows from them: their tags, and the calls to webhooks. */
export function writeEvents(
  room: Room,
  { events, now }: { readonly events: readonly NewEvent[]; readonly now: number },
): void {
  const written = events.map((given): Written => ({ id: room.newId(), given, now }));
  intoEvents(room.sql, written.map(rowOf));
  for (const one of written) follow(room, one);
}

interface Written {
  readonly id: string;
  readonly given: NewEvent;
  readonly now: number;
}

const intoEvents = rowsInto('events', [
  'id',
  'type',
  'created_at',
  'email',
  'recipient',
  'attempt',
  'relay',
  'phase',
  'smtp',
  'next_attempt_at',
  'maybe_duplicate',
  'reason',
  'bounce',
]);

function rowOf({ id, given: { about, event, nextAttemptAt }, now }: Written): readonly SqlValue[] {
  const { type, phase, smtp, reason, bounce } = event;
  return [
    id,
    type,
    now,
    about.mail.seq,
    about.recipient,
    about.attempt,
    about.relay,
    phase,
    smtp === null ? null : JSON.stringify(smtp),
    nextAttemptAt,
    about.maybeDuplicate ? 1 : 0,
    reason,
    bounce === null ? null : JSON.stringify(bounce),
  ];
}

function follow(room: Room, { id, given: { about, event }, now }: Written): void {
  const { mail, recipient, relay, maybeDuplicate } = about;
  const { type, smtp, reason, bounce } = event;
  writeTags({ sql: room.sql, eventId: id, tags: mail.tags });
  if (!isFired(type)) return;
  const review = bounce !== null && deservesReview(room.sql, { recipient, bounce, now });
  const happening = { type, recipient, relay, maybeDuplicate, smtp, reason, bounce, review };
  announce(room, { eventId: id, type, now, data: () => emailData({ mail, happening }) });
}

type EventRow = {
  id: string;
  type: EventType;
  created_at: number;
  recipient: string;
  attempt: number;
  relay: string | null;
  phase: Phase | null;
  smtp: string | null;
  next_attempt_at: number | null;
  maybe_duplicate: number;
  reason: string | null;
  bounce: string | null;
};

/**
 * The history of one mail, newest first. In the order of writing rather than by time: two steps of one transaction carry
 * the same moment, and a clock that was set back must not turn the story round.
 */
export function emailEvents(
  { sql }: Room,
  { id, page }: { readonly id: string; readonly page: Page },
): Result<PageOf<EventRecord>> {
  const [email] = sql.exec<{ seq: number }>('SELECT seq FROM emails WHERE id = ?', id);
  if (email === undefined) return notFound('Email');
  const values: SqlValue[] = [email.seq];
  let condition = 'email = ?';
  const cursor = page.after ?? page.before;
  if (cursor !== null) {
    const [at] = sql.exec<{ seq: number }>(
      'SELECT seq FROM events WHERE email = ? AND id = ?',
      email.seq,
      cursor,
    );
    if (at === undefined) return unknownCursor(page);
    condition += ` AND seq ${page.after === null ? '>' : '<'} ?`;
    values.push(at.seq);
  }
  const rows = sql.exec<EventRow>(
    `SELECT id, type, created_at, recipient, attempt, relay, phase, smtp, next_attempt_at, maybe_duplicate, reason, bounce
     FROM events WHERE ${condition} ORDER BY seq ${isBackward(page) ? 'ASC' : 'DESC'} LIMIT ?`,
    ...values,
    page.limit + 1,
  );
  const { items, hasMore } = pageOf({ rows, page });
  return { ok: true, value: { items: items.map((row) => recordOf({ row, emailId: id })), hasMore } };
}

function recordOf({ row, emailId }: { readonly row: EventRow; readonly emailId: string }): EventRecord {
  const { id, type, recipient, attempt, relay, phase, reason } = row;
  const bounce: BounceDetail | null = row.bounce === null ? null : JSON.parse(row.bounce);
  return {
    id,
    type,
    createdAt: row.created_at,
    emailId,
    recipient,
    attempt,
    relay,
    phase,
    smtp: smtpOf(row.smtp),
    nextAttemptAt: row.next_attempt_at,
    maybeDuplicate: row.maybe_duplicate === 1,
    reason,
    bounce,
  };
}
