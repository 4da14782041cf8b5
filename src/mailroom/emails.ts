import { attachmentsAt } from './attachments.ts';
import type { EventMail } from './event-mail.ts';
import { lastEvent } from './last-event.ts';
import type { Result } from './mailroom.ts';
import type { Head } from './outbox.ts';
import { readPage } from './pages.ts';
import { type RecipientRow, recipientRecord, type StandingRow, standingOf } from './recipient-row.ts';
import type { Content, EmailRecord, Page, PageOf } from './records.ts';
import type { Room } from './room.ts';
import type { Sql } from './sql.ts';

type EmailRow = {
  seq: number;
  id: string;
  created_at: number;
  date: number;
  scheduled_at: number | null;
  message_id: string;
  boundary: string;
  sender: string;
  from_domain: string;
  tls: 'enforced' | null;
  subject: string;
  head: string;
  composed_version: number | null;
  composed_sha256: string | null;
  composed_size: number | null;
};

type BodyRow = {
  html: string | null;
  text: string | null;
  object_key: string | null;
  raw_size: number | null;
};

type Summary = Omit<EmailRecord, 'content' | 'recipients' | 'attachments'>;

/** A stored mail with the rows it was read from, for verbs that go on to change them. */
export interface StoredEmail {
  readonly seq: number;
  readonly record: EmailRecord;
  readonly recipients: readonly RecipientRow[];
}

export function email({ sql }: Room, { id }: { readonly id: string }): EmailRecord | null {
  const [row] = sql.exec<EmailRow & BodyRow>(
    'SELECT * FROM emails JOIN bodies ON bodies.email = emails.seq WHERE id = ?',
    id,
  );
  return row === undefined ? null : complete({ sql, row }).record;
}

/** The mail at this place; the caller knows that it is there. */
export function emailAt({ sql, seq }: { readonly sql: Sql; readonly seq: number }): StoredEmail {
  const [row] = sql.exec<EmailRow & BodyRow>(
    'SELECT * FROM emails JOIN bodies ON bodies.email = emails.seq WHERE seq = ?',
    seq,
  );
  if (row === undefined) throw new Error('A recipient without its mail');
  return complete({ sql, row });
}

/** The mail at this place as its events speak of it. */
export function eventMailAt({ sql, seq }: { readonly sql: Sql; readonly seq: number }): EventMail {
  const [row] = sql.exec<Pick<EmailRow, 'id' | 'created_at' | 'message_id' | 'subject' | 'head'>>(
    'SELECT id, created_at, message_id, subject, head FROM emails WHERE seq = ?',
    seq,
  );
  if (row === undefined) throw new Error('A recipient without its mail');
  const { from, to, headers, tags }: Head = JSON.parse(row.head);
  const { id, subject, created_at: createdAt, message_id: messageId } = row;
  return { seq, id, messageId, createdAt, from, to, subject, headers, tags };
}

export function emails({ sql }: Room, { page }: { readonly page: Page }): Result<PageOf<Summary>> {
  const listing = { select: 'SELECT * FROM emails', table: 'emails' };
  const read = readPage<EmailRow>({ sql, listing, page });
  if (!read.ok) return read;
  const standings = Map.groupBy(
    sql.exec<StandingRow & { email: number }>(
      `SELECT email, state, before, bounced, feedback, due_at, lease_until, claims FROM recipients
       WHERE email IN (SELECT value FROM json_each(?))`,
      JSON.stringify(read.value.items.map(({ seq }) => seq)),
    ),
    (row) => row.email,
  );
  const items = read.value.items.map((row) => summaryOf({ row, recipients: standings.get(row.seq) ?? [] }));
  return { ok: true, value: { items, hasMore: read.value.hasMore } };
}

function complete({ sql, row }: { readonly sql: Sql; readonly row: EmailRow & BodyRow }): StoredEmail {
  const recipients = sql.exec<RecipientRow>(
    'SELECT * FROM recipients WHERE email = ? ORDER BY ordinal',
    row.seq,
  );
  const record = {
    ...summaryOf({ row, recipients }),
    content: contentOf(row),
    attachments: attachmentsAt({ sql, seq: row.seq }),
    recipients: recipients.map(recipientRecord),
  };
  return { seq: row.seq, record, recipients };
}

function summaryOf({
  row,
  recipients,
}: {
  readonly row: EmailRow;
  readonly recipients: readonly StandingRow[];
}): Summary {
  const head: Head = JSON.parse(row.head);
  return {
    ...head,
    id: row.id,
    messageId: row.message_id,
    boundary: row.boundary,
    sender: row.sender,
    fromDomain: row.from_domain,
    subject: row.subject,
    scheduledAt: row.scheduled_at,
    tls: row.tls,
    createdAt: row.created_at,
    date: row.date,
    composed: composedOf(row),
    lastEvent: lastEvent({ scheduled: row.date > row.created_at, recipients: recipients.map(standingOf) }),
  };
}

function composedOf(row: EmailRow): EmailRecord['composed'] {
  const { composed_version: version, composed_sha256: sha256, composed_size: size } = row;
  return version === null || sha256 === null || size === null ? null : { version, sha256, size };
}

function contentOf(row: BodyRow): Content {
  if (row.object_key === null) return { kind: 'inline', html: row.html, text: row.text };
  if (row.raw_size === null) return { kind: 'object', key: row.object_key };
  return { kind: 'raw', key: row.object_key, size: row.raw_size };
}
