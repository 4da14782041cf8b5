import type { Message } from '../mime/message.ts';
import type { Body, Draft } from './draft.ts';
import { messageAttachment } from './files.ts';

/** A draft as the composer takes it, before there is a row that the clerk could read it from. */
export function draftMessage(
  { email, content, files }: Pick<Draft, 'email' | 'content' | 'files'>,
  now: number,
): Message {
  const body: Body = 'raw' in content ? { html: null, text: null } : content;
  return {
    messageId: email.messageId,
    date: email.scheduledAt ?? now,
    boundary: email.boundary,
    from: email.from,
    to: email.to,
    cc: email.cc ?? [],
    replyTo: email.replyTo ?? [],
    subject: email.subject,
    headers: email.headers,
    ...body,
    attachments: files.map(messageAttachment),
  };
}
