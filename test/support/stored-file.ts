import { createHash, randomUUID } from 'node:crypto';
import type { AttachmentRecord } from '../../src/mailroom/attachment-records.ts';
import { objectKey } from '../../src/objects/key.ts';
import type { ObjectStore } from '../../src/objects/store.ts';

/** The record of a file with this content, under its content key. */
export function fileRecord(
  content: string | Uint8Array,
  change: Partial<AttachmentRecord> = {},
): AttachmentRecord {
  const bytes = Buffer.from(content);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    id: randomUUID(),
    filename: 'file.bin',
    contentType: 'application/octet-stream',
    contentId: null,
    disposition: 'attachment',
    size: bytes.length,
    sha256,
    key: objectKey({ account: 'default', id: sha256 }),
    ...change,
  };
}

/** The same, with its object stored. */
export async function storedFile(
  objects: ObjectStore,
  content: string | Uint8Array,
  change: Partial<AttachmentRecord> = {},
): Promise<AttachmentRecord> {
  const record = fileRecord(content, change);
  await objects.put(record.key, Buffer.from(content), { contentType: null, size: record.size });
  return record;
}
