import type * as z from 'zod';
import type { AttachmentSummary } from '../../schemas/attachment.ts';
import { readPage } from '../../schemas/page.ts';
import { notFound } from '../../schemas/refusal.ts';
import type { KeyedHandlers } from './context.ts';
import { presentFile } from './present-file.ts';

/** The files of a mail, each with a link to its bytes. */
export const attachmentsRead: Pick<KeyedHandlers, 'listAttachments' | 'getAttachment'> = {
  async listAttachments({ params, query }, context) {
    const email = params.id.toLowerCase();
    const found = await context.room.attachments({ id: email, page: readPage(query) });
    if (!found.ok) return found;
    const data: z.output<typeof AttachmentSummary>[] = [];
    for (const record of found.value.items)
      data.push(await presentFile(record, { kind: 'email', email }, context));
    return { status: 200, body: { object: 'list', has_more: found.value.hasMore, data } };
  },

  async getAttachment({ params }, context) {
    const [email, attachmentId] = [params.id.toLowerCase(), params.attachment_id.toLowerCase()];
    const record = await context.room.attachment({ id: email, attachmentId });
    if (record === null) return { refusal: notFound('Attachment') };
    const file = await presentFile(record, { kind: 'email', email }, context);
    return { status: 200, body: { object: 'attachment', ...file } };
  },
};
