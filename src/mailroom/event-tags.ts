import type { EventMail } from './event-mail.ts';
import type { Sql } from './sql.ts';

/** How a tag is stored and found: neither part can hold a colon. */
export function tagText({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}:${value}`;
}

/** So that the events of a mail are found by each of its tags. */
export function writeTags({
  sql,
  eventId,
  tags,
}: {
  readonly sql: Sql;
  readonly eventId: string;
  readonly tags: EventMail['tags'];
}): void {
  for (const tag of tags ?? []) {
    sql.exec(
      'INSERT INTO event_tags (tag, created_at, event) SELECT ?, created_at, seq FROM events WHERE id = ?',
      tagText(tag),
      eventId,
    );
  }
}

/** Removes events with their tags. The mails they belong to must still be there: they know which tags those are. */
export function removeEvents({ sql, seqs }: { readonly sql: Sql; readonly seqs: readonly number[] }): void {
  if (seqs.length === 0) return;
  const list = JSON.stringify(seqs);
  sql.exec(
    `DELETE FROM event_tags WHERE (tag, created_at, event) IN (
       SELECT (tag.value ->> 'name') || ':' || (tag.value ->> 'value'), events.created_at, events.seq
       FROM json_each(?) AS chosen JOIN events ON events.seq = chosen.value JOIN emails ON emails.seq = events.email,
         json_each(emails.head, '$.tags') AS tag)`,
    list,
  );
  sql.exec('DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?))', list);
}
