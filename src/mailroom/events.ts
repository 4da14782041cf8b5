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

/** The one place where the events of mails are written, with what follows from them: their tags, and the calls to webhooks. */
export function writeEvent(
  room: Room,
  {
    about,
    event,
    nextAttemptAt,
    now,
  }: {
    readonly about: EventSubject;
    readonly event: StepEvent;
    readonly nextAttemptAt: number | null;
    readonly now: number;
  },
): void {
  const { sql } = room;
  const { mail, recipient, relay, maybeDuplicate } = about;
  const { type, smtp, reason, bounce } = event;
  const id = room.newId();
  sql.exec(
    `INSERT INTO events (id, type, created_at, email, recipient, attempt, relay, phase, smtp, next_attempt_at,
       maybe_duplicate, reason, bounce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    type,
    now,
    mail.seq,
    recipient,
    about.attempt,
    relay,
    event.phase,
    smtp === null ? null : JSON.stringify(smtp),
    nextAttemptAt,
    maybeDuplicate ? 1 : 0,
    reason,
    bounce === null ? null : JSON.stringify(bounce),
  );
  writeTags({ sql, eventId: id, tags: mail.tags });
  if (!isFired(type)) return;
  const review = bounce !== null && deservesReview(sql, { recipient, bounce, now });
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
