import type * as z from 'zod';
import type { AttachmentSummary } from '../../schemas/attachment.ts';
import { readPage } from '../../schemas/page.ts';
import { notFound } from '../../schemas/refusal.ts';
import type { AttachmentRecord } from '../mailroom/attachment-records.ts';
import type { Context, KeyedHandlers } from './context.ts';
import { emailDownload } from './downloads.ts';
import { time } from './present.ts';

/** Contract, section 5.4. */
const LINK_MS = 60 * 60 * 1000;

/** The files of a mail, each with a link to its bytes. */
export const attachmentsRead: Pick<KeyedHandlers, 'listAttachments' | 'getAttachment'> = {
  async listAttachments({ params, query }, context) {
    const email = params.id.toLowerCase();
    const found = await context.room.attachments({ id: email, page: readPage(query) });
    if (!found.ok) return found;
    const data: z.output<typeof AttachmentSummary>[] = [];
    for (const record of found.value.items) data.push(await presented(record, email, context));
    return { status: 200, body: { object: 'list', has_more: found.value.hasMore, data } };
  },

  async getAttachment({ params }, context) {
    const [email, attachmentId] = [params.id.toLowerCase(), params.attachment_id.toLowerCase()];
    const record = await context.room.attachment({ id: email, attachmentId });
    if (record === null) return { refusal: notFound('Attachment') };
    return { status: 200, body: { object: 'attachment', ...(await presented(record, email, context)) } };
  },
};

async function presented(
  { id, filename, size, contentType, disposition, contentId }: AttachmentRecord,
  email: string,
  { parts, account, now }: Context,
): Promise<z.output<typeof AttachmentSummary>> {
  const until = now + LINK_MS;
  const ticket = await parts.tickets.download.issue(emailDownload({ account, email, attachment: id }), until);
  return {
    id,
    filename,
    size,
    content_type: contentType,
    content_disposition: disposition,
    ...(contentId !== null && { content_id: contentId }),
    download_url: `${parts.settings.publicUrl}/downloads/${ticket}`,
    expires_at: time(until),
  };
}
