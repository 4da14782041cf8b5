import type * as z from 'zod';
import { readPage } from '../../schemas/page.ts';
import type { ReceivedQuery } from '../../schemas/received.ts';
import { notFound } from '../../schemas/refusal.ts';
import type { ReceivedDetail, ReceivedFilter } from '../mailroom/received-records.ts';
import { downloadUrl } from '../secrets/download-links.ts';
import type { Context, KeyedHandlers } from './context.ts';
import { deleteObjects } from './delete-objects.ts';
import type { Body } from './draft.ts';
import { hasImages, inlineImages } from './inline-images.ts';
import { presentPage } from './present.ts';
import { LINK_MS, presentFile } from './present-file.ts';
import { presentReceived, presentReceivedSummary } from './present-received.ts';
import { storedBody } from './stored-body.ts';

/** Mail that came in. */
export const received: Pick<
  KeyedHandlers,
  | 'listReceivedEmails'
  | 'getReceivedEmail'
  | 'deleteReceivedEmail'
  | 'listReceivedAttachments'
  | 'getReceivedAttachment'
> = {
  async listReceivedEmails({ query }, { room }) {
    const found = await room.receivedEmails({ filter: filterOf(query), page: readPage(query) });
    return found.ok ? { status: 200, body: presentPage(found.value, presentReceivedSummary) } : found;
  },

  async getReceivedEmail({ params, query }, context) {
    const mail = await context.room.receivedEmail({ id: params.id.toLowerCase() });
    if (mail === null) return { refusal: notFound('Email') };
    const htmlFormat = query.html_format ?? 'data_uri';
    const answer = async () => {
      const { html, text } = await bodyOf(mail, context);
      const isShown = html !== null && htmlFormat === 'data_uri';
      const shown = isShown ? await withImages(html, mail, context) : html;
      const raw = await rawLink(mail, context);
      return { status: 200, body: presentReceived(mail, { html: shown, text, htmlFormat, raw }) } as const;
    };
    const { largeAnswers } = context.parts;
    const isLarge = htmlFormat === 'data_uri' && hasImages(mail.attachments);
    return isLarge && largeAnswers !== undefined ? await largeAnswers.run(answer) : await answer();
  },

  async deleteReceivedEmail({ params }, { room, parts, now }) {
    const removed = await room.removeReceived({ id: params.id.toLowerCase(), now });
    if (!removed.ok) return removed;
    await deleteObjects(removed.value.objects, room, parts);
    return { status: 200, body: { object: 'email', id: removed.value.id, deleted: true } };
  },

  async listReceivedAttachments({ params, query }, context) {
    const email = params.id.toLowerCase();
    const found = await context.room.receivedAttachments({ id: email, page: readPage(query) });
    if (!found.ok) return found;
    const { items, hasMore } = found.value;
    const data = await Promise.all(
      items.map((file) => presentFile(file, { kind: 'received', email }, context)),
    );
    return { status: 200, body: { object: 'list', has_more: hasMore, data } };
  },

  async getReceivedAttachment({ params }, context) {
    const [email, attachmentId] = [params.id.toLowerCase(), params.attachment_id.toLowerCase()];
    const record = await context.room.receivedAttachment({ id: email, attachmentId });
    if (record === null) return { refusal: notFound('Attachment') };
    const file = await presentFile(record, { kind: 'received', email }, context);
    return { status: 200, body: { object: 'attachment', ...file } };
  },
};

function filterOf({ from, to, subject, since, until }: z.output<typeof ReceivedQuery>): ReceivedFilter {
  return {
    from: from?.trim() ?? null,
    to: to?.trim() ?? null,
    subject: subject ?? null,
    since: since === undefined ? null : Date.parse(since),
    until: until === undefined ? null : Date.parse(until),
  };
}

async function bodyOf({ content }: ReceivedDetail, { parts }: Context): Promise<Body> {
  return content.kind === 'inline' ? content : await storedBody(content.key, parts.objects);
}

async function withImages(
  html: string,
  { id, attachments }: ReceivedDetail,
  { parts }: Context,
): Promise<string> {
  const { objects, hasher, log, newId } = parts;
  return await inlineImages(html, attachments, {
    objects,
    hasher,
    damaged: (file) =>
      log({ level: 'error', event: 'damaged_file', requestId: newId(), email: id, attachment: file.id }),
  });
}

async function rawLink(
  { id }: ReceivedDetail,
  { parts, account, now }: Context,
): Promise<{ readonly url: string; readonly until: number }> {
  const until = now + LINK_MS;
  const link = { tickets: parts.tickets.download, publicUrl: parts.settings.publicUrl, until };
  return { url: await downloadUrl({ kind: 'received', account, email: id, attachment: null }, link), until };
}
