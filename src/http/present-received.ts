import type * as z from 'zod';
import type { ReceivedEmail, ReceivedSummary } from '../../schemas/received.ts';
import type { ReceivedDetail, ReceivedRecord, ShownMailbox } from '../mailroom/received-records.ts';
import { shownMailbox } from '../mailroom/shown-mailbox.ts';
import type { Body } from './draft.ts';
import { time } from './present.ts';

type Wire<Schema extends z.ZodType> = z.output<Schema>;

/** Lists are never null: some SDKs decode them strictly (contract, section 10). */
export function presentReceivedSummary(mail: ReceivedRecord): Wire<typeof ReceivedSummary> {
  const { head } = mail;
  const [from] = head.from;
  return {
    id: mail.id,
    created_at: time(mail.createdAt),
    from: from === undefined ? '' : shownMailbox(from),
    to: shown(head.to),
    cc: shown(head.cc),
    bcc: shown(head.bcc),
    reply_to: shown(head.replyTo),
    received_for: [...mail.receivedFor],
    subject: head.subject,
    message_id: head.messageId,
    attachments: mail.attachments.map(({ id, filename, size, contentType, contentId, disposition }) => ({
      id,
      filename,
      size,
      content_type: contentType,
      content_id: contentId,
      content_disposition: disposition,
    })),
  };
}

function shown(mailboxes: readonly ShownMailbox[]): string[] {
  return mailboxes.map(shownMailbox);
}

export function presentReceived(
  mail: ReceivedDetail,
  {
    html,
    text,
    htmlFormat,
    raw,
  }: Body & {
    readonly htmlFormat: 'data_uri' | 'cid';
    readonly raw: { readonly url: string; readonly until: number };
  },
): Wire<typeof ReceivedEmail> {
  const { head, thread, authentication, auto } = mail;
  return {
    object: 'email',
    ...presentReceivedSummary(mail),
    html,
    text,
    // From entries: a header may be called `__proto__`, and is a header like any other.
    headers: Object.fromEntries(head.headers),
    raw: { download_url: raw.url, expires_at: time(raw.until) },
    html_format: htmlFormat,
    stripped_text: mail.strippedText,
    mailbox_hash: mail.mailboxHash,
    in_reply_to: head.inReplyTo,
    references: [...head.references],
    thread: { email_ids: [...thread.emailIds], received_ids: [...thread.receivedIds] },
    authentication,
    auto,
    parse: mail.parse,
  };
}
