import type { UploadContent, UploadRecord } from './attachment-records.ts';
import { giveUpObjects } from './leaving-objects.ts';
import type { Mailroom } from './mailroom.ts';
import type { Room } from './room.ts';

/** A PUT that began before the end may last; only then is what it brought swept (delivery.md section 4). */
const SWEPT_AFTER_MS = 24 * 60 * 60_000;

type UploadRow = {
  id: string;
  object_key: string;
  filename: string;
  content_type: string | null;
  size: number;
  sha256: string | null;
  created_at: number;
  expires_at: number;
  content_key: string | null;
  content_size: number | null;
  content_sha256: string | null;
};

export function createUpload(
  { sql }: Room,
  { upload, now }: Parameters<Mailroom['createUpload']>[0],
): UploadRecord {
  sql.exec(
    `INSERT INTO uploads (id, object_key, filename, content_type, size, sha256, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    upload.id,
    upload.key,
    upload.filename,
    upload.contentType,
    upload.size,
    upload.sha256,
    now,
    upload.expiresAt,
  );
  return { ...upload, createdAt: now, content: null };
}

/** Those of these that are known, in the order asked, each once. */
export function uploads({ sql }: Room, ids: readonly string[]): readonly UploadRecord[] {
  return [...new Set(ids)].flatMap((id) =>
    sql.exec<UploadRow>('SELECT * FROM uploads WHERE id = ?', id).map(recordOf),
  );
}

/** The first copy is what every later mail gets: whatever is written to the upload's own key since, nobody sees. */
export function finishUpload(
  { sql }: Room,
  { id, content }: { readonly id: string; readonly content: UploadContent },
): void {
  sql.exec(
    `UPDATE uploads SET content_key = ?, content_size = ?, content_sha256 = ? WHERE id = ? AND content_key IS NULL`,
    content.key,
    content.size,
    content.sha256,
    id,
  );
}

/** Removes uploads a day after their end, `limit` at most; answers their objects that nothing else names. */
export function sweepUploads(
  room: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): { readonly removed: number; readonly objects: readonly string[] } {
  const old = room.sql.exec<{ object_key: string; content_key: string | null }>(
    `DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
     RETURNING object_key, content_key`,
    now - SWEPT_AFTER_MS,
    limit,
  );
  const keys = old.flatMap(({ object_key, content_key }) =>
    content_key === null ? [object_key] : [object_key, content_key],
  );
  return { removed: old.length, objects: giveUpObjects(room, { keys, now }) };
}

function recordOf(row: UploadRow): UploadRecord {
  const { content_key: key, content_size: size, content_sha256: sha256 } = row;
  return {
    id: row.id,
    key: row.object_key,
    filename: row.filename,
    contentType: row.content_type,
    size: row.size,
    sha256: row.sha256,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    content: key === null || size === null || sha256 === null ? null : { key, size, sha256 },
  };
}
