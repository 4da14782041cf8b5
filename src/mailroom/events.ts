import type { BounceDetail, EventType, Phase } from '../../schemas/delivery.ts';
import type { Result } from './mailroom.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import { smtpOf } from './recipient-row.ts';
import type { EventRecord, Page, PageOf } from './records.ts';
import { notFound } from './refusals.ts';
import type { Room } from './room.ts';
import type { SqlValue } from './sql.ts';
import type { StepEvent } from './step.ts';

/** Which recipient and which attempt an event is about. */
export interface EventSubject {
  /** The mail's place in the table, not its public id. */
  readonly email: number;
  readonly recipient: string;
  readonly attempt: number;
  readonly relay: string | null;
  readonly maybeDuplicate: boolean;
}

export function writeEvent(
  { sql, newId }: Room,
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
  sql.exec(
    `INSERT INTO events (id, type, created_at, email, recipient, attempt, relay, phase, smtp, next_attempt_at,
       maybe_duplicate, reason, bounce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    newId(),
    event.type,
    now,
    about.email,
    about.recipient,
    about.attempt,
    about.relay,
    event.phase,
    event.smtp === null ? null : JSON.stringify(event.smtp),
    nextAttemptAt,
    about.maybeDuplicate ? 1 : 0,
    event.reason,
    event.bounce === null ? null : JSON.stringify(event.bounce),
  );
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
