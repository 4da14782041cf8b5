import type { InboxVerbs } from './inbox-verbs.ts';
import type { Result } from './mailroom.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import type { ReceivedAttachmentRecord } from './received-records.ts';
import type { PageOf } from './records.ts';
import { notFound } from './refusals.ts';
import type { Room } from './room.ts';
import type { Sql } from './sql.ts';

type AttachmentRow = {
  received: number;
  id: string;
  filename: string | null;
  content_type: string;
  content_id: string | null;
  disposition: ReceivedAttachmentRecord['disposition'];
  size: number;
  sha256: string;
  object_key: string;
};

export function storeReceivedAttachments(
  sql: Sql,
  { seq, attachments }: { readonly seq: number; readonly attachments: readonly ReceivedAttachmentRecord[] },
): void {
  for (const [ordinal, file] of attachments.entries()) {
    sql.exec(
      `INSERT INTO received_attachments
         (received, ordinal, id, filename, content_type, content_id, disposition, size, sha256, object_key)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      ordinal,
      file.id,
      file.filename,
      file.contentType,
      file.contentId,
      file.disposition,
      file.size,
      file.sha256,
      file.key,
    );
  }
}

/** The files of each of these mails, in the order of the message. */
export function attachmentsOfAll(
  sql: Sql,
  seqs: readonly number[],
): ReadonlyMap<number, readonly ReceivedAttachmentRecord[]> {
  const rows = sql.exec<AttachmentRow>(
    `SELECT * FROM received_attachments WHERE received IN (SELECT value FROM json_each(?)) ORDER BY received, ordinal`,
    JSON.stringify(seqs),
  );
  const found = new Map<number, ReceivedAttachmentRecord[]>();
  for (const row of rows) {
    const list = found.get(row.received) ?? [];
    list.push(recordOf(row));
    found.set(row.received, list);
  }
  return found;
}

/** In the order of the message, which is what `after` walks along; a mail has few enough to be cut here. */
export function receivedAttachments(
  room: Room,
  { id, page }: Parameters<InboxVerbs['receivedAttachments']>[0],
): Result<PageOf<ReceivedAttachmentRecord>> {
  const all = attachmentsOf(room, id);
  if (all === null) return notFound('Email');
  const cursor = page.after ?? page.before;
  const place = all.findIndex((attachment) => attachment.id === cursor);
  if (cursor !== null && place < 0) return unknownCursor(page);
  const rest = isBackward(page) ? all.slice(0, place).toReversed() : all.slice(place + 1);
  return { ok: true, value: pageOf({ rows: rest.slice(0, page.limit + 1), page }) };
}

export function receivedAttachment(
  room: Room,
  { id, attachmentId }: Parameters<InboxVerbs['receivedAttachment']>[0],
): ReceivedAttachmentRecord | null {
  return attachmentsOf(room, id)?.find((one) => one.id === attachmentId) ?? null;
}

function attachmentsOf({ sql }: Room, id: string): readonly ReceivedAttachmentRecord[] | null {
  const [mail] = sql.exec<{ seq: number }>('SELECT seq FROM received WHERE id = ?', id);
  return mail === undefined ? null : (attachmentsOfAll(sql, [mail.seq]).get(mail.seq) ?? []);
}

function recordOf(row: AttachmentRow): ReceivedAttachmentRecord {
  const { id, filename, disposition, size, sha256, object_key: key } = row;
  return {
    id,
    filename,
    contentType: row.content_type,
    contentId: row.content_id,
    disposition,
    size,
    sha256,
    key,
  };
}
