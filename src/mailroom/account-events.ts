import type { AccountEventType, BounceDetail, Phase } from '../../schemas/delivery.ts';
import { tagText } from './event-tags.ts';
import type { Result } from './mailroom.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import { smtpOf } from './recipient-row.ts';
import type { Page, PageOf } from './records.ts';
import type { Room } from './room.ts';
import type { Sql, SqlValue } from './sql.ts';
import type { AccountEventRecord, EventFilter } from './webhook-records.ts';

type EventRow = {
  id: string;
  type: AccountEventType;
  created_at: number;
  email_id: string | null;
  recipient: string | null;
  attempt: number;
  relay: string | null;
  phase: Phase | null;
  smtp: string | null;
  next_attempt_at: number | null;
  maybe_duplicate: number;
  reason: string | null;
  bounce: string | null;
  webhook: string | null;
};

interface Condition {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * The events of the account, newest first. Each filter has an index in the order of the list, so a page costs about what it
 * shows; of several filters the narrowest leads and the others are held against what it finds.
 */
export function events(
  { sql }: Room,
  { filter, page }: { readonly filter: EventFilter; readonly page: Page },
): Result<PageOf<AccountEventRecord>> {
  const { table, conditions } = wayTo(sql, filter);
  const cursor = page.after ?? page.before;
  const time = `${table}.created_at`;
  const place = table === 'event_tags' ? 'event_tags.event' : 'events.seq';
  const held = [...conditions];
  if (filter.since !== null) held.push({ text: `${time} >= ?`, values: [filter.since] });
  if (filter.until !== null) held.push({ text: `${time} <= ?`, values: [filter.until] });
  if (cursor !== null) {
    const [at] = sql.exec<{ created_at: number; seq: number }>(
      'SELECT created_at, seq FROM events WHERE id = ?',
      cursor,
    );
    if (at === undefined) return unknownCursor(page);
    const text = `(${time}, ${place}) ${page.after === null ? '>' : '<'} (?, ?)`;
    held.push({ text, values: [at.created_at, at.seq] });
  }
  const where = held.length === 0 ? '' : `WHERE ${held.map(({ text }) => text).join(' AND ')}`;
  const direction = isBackward(page) ? 'ASC' : 'DESC';
  const rows = sql.exec<EventRow>(
    `SELECT events.id, type, events.created_at, COALESCE(emails.id, received.id) AS email_id, recipient, attempt, relay, phase, smtp,
       next_attempt_at, maybe_duplicate, reason, bounce, webhook
     FROM ${table === 'event_tags' ? 'event_tags CROSS JOIN events ON events.seq = event_tags.event' : 'events'}
       LEFT JOIN emails ON emails.seq = events.email LEFT JOIN received ON received.seq = events.received
     ${where} ORDER BY ${time} ${direction}, ${place} ${direction} LIMIT ?`,
    ...held.flatMap(({ values }) => values),
    page.limit + 1,
  );
  const { items, hasMore } = pageOf({ rows, page });
  return { ok: true, value: { items: items.map(recordOf), hasMore } };
}

/** The leading filter uses its index; a plus before the column keeps the database from choosing another one. */
function wayTo(
  sql: Sql,
  filter: EventFilter,
): {
  readonly table: 'events' | 'event_tags';
  readonly conditions: readonly Condition[];
} {
  const possible: readonly (Condition | null)[] = [
    filter.emailId === null ? null : ofMail(sql, filter.emailId),
    filter.recipient === null
      ? null
      : { text: 'events.recipient = ? COLLATE NOCASE', values: [filter.recipient] },
    filter.tag === null ? null : { text: 'event_tags.tag = ?', values: [tagText(filter.tag)] },
    filter.type === null ? null : { text: 'events.type = ?', values: [filter.type] },
  ];
  const [leading, ...others] = possible.filter((condition) => condition !== null);
  if (leading === undefined) return { table: 'events', conditions: [] };
  const table = leading.text.startsWith('event_tags') ? 'event_tags' : 'events';
  const rest = others.map(({ text, values }) =>
    text.startsWith('event_tags')
      ? {
          text: `EXISTS (SELECT 1 FROM event_tags WHERE ${text} AND event_tags.created_at = events.created_at AND event = events.seq)`,
          values,
        }
      : { text: `+${text}`, values },
  );
  return { table, conditions: [leading, ...rest] };
}

/** One that we sent or one that came in: their events stand in two columns, each with its index. */
function ofMail(sql: Sql, id: string): Condition {
  const [received] = sql.exec<{ seq: number }>('SELECT seq FROM received WHERE id = ?', id);
  return received === undefined
    ? { text: 'events.email = (SELECT seq FROM emails WHERE id = ?)', values: [id] }
    : { text: 'events.received = ?', values: [received.seq] };
}

function recordOf(row: EventRow): AccountEventRecord {
  const { id, type, recipient, attempt, relay, phase, reason } = row;
  const bounce: BounceDetail | null = row.bounce === null ? null : JSON.parse(row.bounce);
  return {
    id,
    type,
    createdAt: row.created_at,
    emailId: row.email_id,
    recipient,
    attempt,
    relay,
    phase,
    smtp: smtpOf(row.smtp),
    nextAttemptAt: row.next_attempt_at,
    maybeDuplicate: row.maybe_duplicate === 1,
    reason,
    bounce,
    webhookId: row.webhook,
  };
}
