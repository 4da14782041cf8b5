import { jsonSize } from './json-size.ts';
import type { ReceivedHead, ReceivedText } from './received-records.ts';
import type { ReadFacts, ShortHead } from './received-row.ts';
import type { Sql } from './sql.ts';
import { foldAddress } from './suppressions.ts';
import { lookedUpAs } from './thread.ts';

/** All of it is one row, and a row is below 2 MB on both hosts. A header has 256 KiB; as JSON it may be six times that. */
const MAX_HEADERS_BYTES = 512 * 1024;
const MAX_LIST_BYTES = 64 * 1024;
const MAX_SUBJECT_CHARACTERS = 16_384;

/** Searched by: nobody looks for what lies behind. */
const MAX_SEARCHED_CHARACTERS = 1_000;

/** Writes what is shown of the header, whole or in part. */
export function boundedHead(head: ReceivedHead): ReceivedHead {
  return {
    from: fitting(head.from, MAX_LIST_BYTES),
    to: fitting(head.to, MAX_LIST_BYTES),
    cc: fitting(head.cc, MAX_LIST_BYTES),
    bcc: fitting(head.bcc, MAX_LIST_BYTES),
    replyTo: fitting(head.replyTo, MAX_LIST_BYTES),
    subject: head.subject.slice(0, MAX_SUBJECT_CHARACTERS),
    messageId: lookedUpAs(head.messageId),
    inReplyTo: head.inReplyTo === null ? null : lookedUpAs(head.inReplyTo),
    references: fitting(head.references.map(lookedUpAs), MAX_LIST_BYTES),
    date: head.date,
    headers: fitting(head.headers, MAX_HEADERS_BYTES),
  };
}

/** As many from the start as fit into this many bytes of JSON. */
function fitting<T>(items: readonly T[], bytes: number): readonly T[] {
  // With a comma each.
  let left = bytes;
  const end = items.findIndex((item) => {
    left -= jsonSize(item, left) + 1;
    return left < 0;
  });
  return end < 0 ? items : items.slice(0, end);
}

export function foldSubject(subject: string): string {
  return foldAddress(subject).slice(0, MAX_SEARCHED_CHARACTERS);
}

export function writeContents(
  sql: Sql,
  {
    seq,
    head: { headers, ...head },
    facts,
    content,
    strippedText,
  }: {
    readonly seq: number;
    readonly head: ReceivedHead;
    readonly facts: ReadFacts;
    readonly content: ReceivedText;
    readonly strippedText: string | null;
  },
): void {
  sql.exec(
    `INSERT OR REPLACE INTO received_contents (received, head, headers, facts, object_key, stripped_text, text, html)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
    JSON.stringify(head satisfies ShortHead),
    JSON.stringify(headers),
    JSON.stringify(facts),
    content.kind === 'object' ? content.key : null,
    strippedText,
    content.kind === 'inline' ? content.text : null,
    content.kind === 'inline' ? content.html : null,
  );
}
