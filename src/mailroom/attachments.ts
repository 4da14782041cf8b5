import type { AttachmentRecord } from './attachment-records.ts';
import type { Mailroom, Result } from './mailroom.ts';
import { pageOf, unknownCursor } from './pages.ts';
import type { PageOf } from './records.ts';
import { notFound } from './refusals.ts';
import type { Room } from './room.ts';
import type { Sql } from './sql.ts';

type AttachmentRow = {
  id: string;
  filename: string;
  content_type: string;
  content_id: string | null;
  disposition: AttachmentRecord['disposition'];
  size: number;
  sha256: string;
  object_key: string;
};

export function storeAttachments({
  sql,
  seq,
  attachments,
}: {
  readonly sql: Sql;
  readonly seq: number;
  readonly attachments: readonly AttachmentRecord[];
}): void {
  for (const [ordinal, attachment] of attachments.entries()) {
    sql.exec(
      `INSERT INTO attachments
         (email, ordinal, id, filename, content_type, content_id, disposition, size, sha256, object_key)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      ordinal,
      attachment.id,
      attachment.filename,
      attachment.contentType,
      attachment.contentId,
      attachment.disposition,
      attachment.size,
      attachment.sha256,
      attachment.key,
    );
  }
}

/** The files of the mail at this place, in the order of the request. */
export function attachmentsAt({
  sql,
  seq,
}: {
  readonly sql: Sql;
  readonly seq: number;
}): readonly AttachmentRecord[] {
  return sql
    .exec<AttachmentRow>('SELECT * FROM attachments WHERE email = ? ORDER BY ordinal', seq)
    .map(recordOf);
}

/** In the order of the request, which is what `after` walks along; a mail has few enough to be cut here. */
export function attachments(
  room: Room,
  { id, page }: Parameters<Mailroom['attachments']>[0],
): Result<PageOf<AttachmentRecord>> {
  const all = attachmentsOf(room, id);
  if (all === null) return notFound('Email');
  const cursor = page.after ?? page.before;
  const place = all.findIndex((attachment) => attachment.id === cursor);
  if (cursor !== null && place < 0) return unknownCursor(page);
  const isBackward = page.after === null && page.before !== null;
  const rest = isBackward ? all.slice(0, place).toReversed() : all.slice(place + 1);
  return { ok: true, value: pageOf({ rows: rest.slice(0, page.limit + 1), page }) };
}

export function attachment(
  room: Room,
  { id, attachmentId }: Parameters<Mailroom['attachment']>[0],
): AttachmentRecord | null {
  return attachmentsOf(room, id)?.find((one) => one.id === attachmentId) ?? null;
}

function attachmentsOf({ sql }: Room, id: string): readonly AttachmentRecord[] | null {
  const [email] = sql.exec<{ seq: number }>('SELECT seq FROM emails WHERE id = ?', id);
  return email === undefined ? null : attachmentsAt({ sql, seq: email.seq });
}

function recordOf(row: AttachmentRow): AttachmentRecord {
  const { id, filename, content_type, content_id, disposition, size, sha256, object_key } = row;
  return {
    id,
    filename,
    contentType: content_type,
    contentId: content_id,
    disposition,
    size,
    sha256,
    key: object_key,
  };
}
