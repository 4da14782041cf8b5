import type { InboxVerbs } from './inbox-verbs.ts';
import type { Result } from './mailroom.ts';
import { isBackward } from './pages.ts';
import { attachmentsOfAll } from './received-attachments.ts';
import { mailboxHash } from './received-data.ts';
import type { ReceivedDetail, ReceivedRecord } from './received-records.ts';
import {
  envelopeOf,
  headAt,
  type ReadFacts,
  type ReceivedRow,
  recordOf,
  type ShortHead,
} from './received-row.ts';
import type { Page, PageOf } from './records.ts';
import type { Room } from './room.ts';
import { searchReceived } from './search-received.ts';
import type { Sql } from './sql.ts';
import { threadOf } from './thread.ts';

/**
 * What a page may weigh: a stranger's mail may name a thousand addresses and a thousand files, a hundred of them would be 80 MB,
 * and an answer between objects on Workers holds 32 MiB.
 */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** Of a file, beside its texts. */
const FILE_BYTES = 250;

/** Newest first, without the header fields by name: `head.headers` is empty here. Heavy mails make a page shorter. */
export function receivedEmails(
  { sql }: Room,
  call: Parameters<InboxVerbs['receivedEmails']>[0],
): Result<PageOf<ReceivedRecord>> {
  const found = searchReceived(sql, call);
  if (!found.ok) return found;
  const { items: seqs, hasMore } = lightened(sql, { found: found.value, page: call.page });
  const rows = sql.exec<ReceivedRow & { head: string }>(
    `SELECT received.*, head FROM received JOIN received_contents ON received_contents.received = seq
     WHERE seq IN (SELECT value FROM json_each(?))`,
    JSON.stringify(seqs),
  );
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  const attachments = attachmentsOfAll(sql, seqs);
  const items = seqs.flatMap((seq) => {
    const row = bySeq.get(seq);
    if (row === undefined) return [];
    const head: ShortHead = JSON.parse(row.head);
    return [recordOf({ row, head: { ...head, headers: [] }, attachments: attachments.get(seq) ?? [] })];
  });
  return { ok: true, value: { items, hasMore } };
}

/** As many from the cursor on as are not too heavy together, one at least. */
function lightened(
  sql: Sql,
  { found, page }: { readonly found: PageOf<number>; readonly page: Page },
): PageOf<number> {
  const rows = sql.exec<{ received: number; bytes: number }>(
    `SELECT received, octet_length(head) + COALESCE((
         SELECT SUM(? + octet_length(COALESCE(filename, '')) + octet_length(content_type) + octet_length(COALESCE(content_id, '')))
         FROM received_attachments AS file WHERE file.received = received_contents.received), 0) AS bytes
     FROM received_contents WHERE received IN (SELECT value FROM json_each(?))`,
    FILE_BYTES,
    JSON.stringify(found.items),
  );
  const bytesOf = new Map(rows.map(({ received, bytes }) => [received, bytes]));
  const onward = isBackward(page) ? found.items.toReversed() : found.items;
  let left = MAX_PAGE_BYTES;
  const end = onward.findIndex((seq, place) => {
    left -= bytesOf.get(seq) ?? 0;
    return left < 0 && place > 0;
  });
  if (end < 0) return found;
  const items = onward.slice(0, end);
  return { items: isBackward(page) ? items.toReversed() : items, hasMore: true };
}

type ContentRow = {
  facts: string;
  object_key: string | null;
  stripped_text: string | null;
  text: string | null;
  html: string | null;
};

export function receivedEmail({ sql }: Room, { id }: { readonly id: string }): ReceivedDetail | null {
  const [row] = sql.exec<ReceivedRow & ContentRow>(
    `SELECT received.*, facts, object_key, stripped_text, text, html
     FROM received JOIN received_contents ON received_contents.received = seq WHERE id = ?`,
    id,
  );
  if (row === undefined) return null;
  const head = headAt(sql, row.seq);
  const { authentication, auto, about }: ReadFacts = JSON.parse(row.facts);
  const { text, html, object_key: key } = row;
  return {
    ...recordOf({ row, head, attachments: attachmentsOfAll(sql, [row.seq]).get(row.seq) ?? [] }),
    content: key === null ? { kind: 'inline', html, text } : { kind: 'object', key },
    strippedText: row.stripped_text,
    mailboxHash: mailboxHash(envelopeOf(row)),
    thread: threadOf(sql, { id, head, about: about ?? null }),
    authentication,
    auto,
  };
}
