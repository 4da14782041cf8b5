import type * as z from 'zod';
import type { AttachmentSummary } from '../../schemas/attachment.ts';
import type { ReceivedAttachmentRecord } from '../mailroom/received-records.ts';
import { type DownloadTarget, downloadUrl } from '../secrets/download-links.ts';
import type { Context } from './context.ts';
import { time } from './present.ts';

/** Contract, section 5.4. */
export const LINK_MS = 60 * 60 * 1000;

/** A file of a mail that was sent or received. */
export async function presentFile(
  {
    id,
    filename,
    size,
    contentType,
    disposition,
    contentId,
  }: Omit<ReceivedAttachmentRecord, 'key' | 'sha256'>,
  { kind, email }: Pick<DownloadTarget, 'kind' | 'email'>,
  { parts, account, now }: Context,
): Promise<z.output<typeof AttachmentSummary>> {
  const until = now + LINK_MS;
  const { settings, tickets } = parts;
  const link = { tickets: tickets.download, publicUrl: settings.publicUrl, until };
  return {
    id,
    filename,
    size,
    content_type: contentType,
    content_disposition: disposition,
    ...(contentId !== null && { content_id: contentId }),
    download_url: await downloadUrl({ kind, account, email, attachment: id }, link),
    expires_at: time(until),
  };
}
