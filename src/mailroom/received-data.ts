import type { SettleArrivalCall } from './arrival-records.ts';
import type { ReceivedAttachmentRecord, ReceivedHead } from './received-records.ts';
import { envelopeOf, type ReceivedRow } from './received-row.ts';
import { shownMailbox } from './shown-mailbox.ts';

type Data = Readonly<Record<string, unknown>>;

/** A received mail as its event speaks of it. */
export interface EventReceived {
  readonly row: Pick<ReceivedRow, 'id' | 'created_at' | 'envelope_to'>;
  readonly head: ReceivedHead;
  readonly attachments: readonly ReceivedAttachmentRecord[];
}

/** What webhooks that include the body are told on top. */
export interface FullMail {
  readonly body: NonNullable<Extract<SettleArrivalCall['outcome'], { kind: 'read' }>['body']>;
  readonly strippedText: string | null;
}

/** `data` of `email.received` (wire-contract.md §12.1). */
export function receivedData({ row, head, attachments }: EventReceived): Data {
  return {
    email_id: row.id,
    created_at: new Date(row.created_at).toISOString(),
    from: shownMailbox(head.from[0] ?? { name: '', address: '' }),
    to: head.to.map(shownMailbox),
    cc: head.cc.map(shownMailbox),
    bcc: head.bcc.map(shownMailbox),
    received_for: envelopeOf(row),
    message_id: head.messageId,
    subject: head.subject,
    attachments: attachments.map(shownAttachment),
  };
}

function shownAttachment(file: ReceivedAttachmentRecord): Data {
  return {
    id: file.id,
    filename: file.filename,
    content_type: file.contentType,
    content_disposition: file.disposition,
    content_id: file.contentId,
  };
}

/** The same with text, header and links (wire-contract.md §15). */
export function fullData(mail: EventReceived, { body, strippedText }: FullMail): Data {
  const { head, attachments, row } = mail;
  const links = new Map(body.links.map((link) => [link.id, link]));
  return {
    ...receivedData(mail),
    attachments: attachments.map((file) => {
      const link = links.get(file.id);
      return link === undefined
        ? shownAttachment(file)
        : { ...shownAttachment(file), ...shownLink({ url: link.downloadUrl, expiresAt: link.expiresAt }) };
    }),
    text: body.text,
    html: body.html,
    // From entries: a header may be called `__proto__`, and is a header like any other.
    headers: Object.fromEntries(head.headers),
    in_reply_to: head.inReplyTo,
    references: head.references,
    stripped_text: strippedText,
    mailbox_hash: mailboxHash(envelopeOf(row)),
    raw: shownLink({ url: body.rawUrl, expiresAt: body.rawExpiresAt }),
    ...(body.truncated ? { truncated: true } : {}),
  };
}

function shownLink({ url, expiresAt }: { readonly url: string; readonly expiresAt: number }): Data {
  return { download_url: url, expires_at: new Date(expiresAt).toISOString() };
}

/** The part after `+` of the first address that has one. */
export function mailboxHash(addresses: readonly string[]): string | null {
  for (const address of addresses) {
    const local = address.slice(0, address.lastIndexOf('@'));
    const plus = local.indexOf('+');
    if (plus >= 0 && plus < local.length - 1) return local.slice(plus + 1);
  }
  return null;
}
