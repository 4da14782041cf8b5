import type { ArrivalClaim, ReadMail } from '../mailroom/arrival-records.ts';
import type { ShownMailbox } from '../mailroom/received-records.ts';
import type { GivenMailbox, NewEmail } from '../mailroom/records.ts';
import { shownMailbox } from '../mailroom/shown-mailbox.ts';
import { parseAddrSpec } from '../mime/address.ts';
import { MAX_SUBJECT_CHARACTERS } from '../mime/characters.ts';
import { isMessageId } from '../mime/header-fields.ts';
import { LOOP_HEADER } from '../mime/loop.ts';
import { forwardedFile } from './forwarded-file.ts';
import { MADE_UP_DOMAIN } from './received-head.ts';

/** What answers go to. A mail with hundreds of authors is answered by nobody. */
const MAX_REPLY_TO = 10;
const MAX_NAME_CHARACTERS = 100;
const MAX_REFERENCES = 20;
const MAX_TOKEN_CHARACTERS = 64;
/** Where the receiving address is at no domain that mail is sent from. */
const LOCAL_PART = 'forwarding';

const NOT_READ = 'This message could not be read in full. It is attached as it came.\n';

export interface ForwardCall {
  readonly claim: Pick<ArrivalClaim, 'envelopeFrom' | 'envelopeTo' | 'rawKey' | 'rawSize' | 'rawSha256'>;
  readonly mail: ReadMail;
  /** One of FORWARD_TO, canonical. */
  readonly to: string;
  /** What the mail's own loop headers say, in order: it came by way of these. */
  readonly hops: readonly string[];
  /** The account's. */
  readonly token: string;
  /** DOMAINS; null: any sender is accepted. */
  readonly domains: readonly string[] | null;
  /** A fresh UUID of version 7. */
  readonly newId: () => string;
  /** 32 hex characters, drawn once. */
  readonly boundary: string;
}

/**
 * The mail that passes a received one on: a mail of ours (its sender, its `From`, its Message-ID), because SPF and DMARC of
 * the author's domain do not allow us to write in its name; answers go to the author. What was read is passed through, and
 * what could not be read in full is attached as it came. A null sender stays one (delivery.md section 17): should the
 * forwarding fail, nobody is told, and nothing goes in circles.
 */
export function forwarded(call: ForwardCall): NewEmail {
  const { claim, mail, to, domains, newId, boundary } = call;
  const receiving = claim.envelopeTo[0] ?? '';
  const address = senderAddress(receiving, domains);
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const id = newId();
  const recipient = { name: '', address: to, given: to };
  return {
    id,
    messageId: `<${id}@${domain}>`,
    boundary,
    from: mailbox(`${authorOf(mail.head.from[0])} via ${receiving}`, address),
    sender: isFromNobody(call) ? '' : address,
    fromDomain: domain,
    to: [recipient],
    cc: null,
    bcc: null,
    replyTo: replyTo(mail),
    subject: Array.from(oneLine(mail.head.subject)).slice(0, MAX_SUBJECT_CHARACTERS).join(''),
    headers: headersOf(call),
    tags: null,
    scheduledAt: null,
    tls: null,
    ...contentOf(call),
    envelope: [{ address: to, simulation: null }],
    objects: [],
  };
}

/** Of the envelope, or, where its source does not tell, as the last server wrote it down. */
function isFromNobody({ claim, mail }: ForwardCall): boolean {
  return claim.envelopeFrom === '' || (claim.envelopeFrom === null && mail.auto.bounce);
}

function contentOf({ claim, mail, newId }: ForwardCall): Pick<NewEmail, 'content' | 'attachments'> {
  if (mail.parse === 'full') {
    const attachments = mail.attachments.map((file, place) => forwardedFile(file, { id: newId(), place }));
    return { content: mail.content, attachments };
  }
  const original = {
    id: newId(),
    filename: 'original.eml',
    contentType: 'message/rfc822',
    contentId: null,
    disposition: 'attachment',
    size: claim.rawSize,
    sha256: claim.rawSha256,
    key: claim.rawKey,
  } as const;
  return { content: { kind: 'inline', html: null, text: NOT_READ }, attachments: [original] };
}

/** One line for each hop, the earlier ones too: this is a new mail, and they would be gone with the old one's header. */
function headersOf({ mail, hops, token }: ForwardCall): NewEmail['headers'] {
  const { messageId, references, inReplyTo } = mail.head;
  const own = messageId.endsWith(`@${MADE_UP_DOMAIN}>`) ? [] : [messageId];
  const thread = [...references.slice(1 - MAX_REFERENCES), ...own].filter(isMessageId);
  return [
    ...(inReplyTo !== null && isMessageId(inReplyTo) ? [['In-Reply-To', inReplyTo] as const] : []),
    ...(thread.length === 0 ? [] : [['References', thread.join(' ')] as const]),
    ['Auto-Submitted', 'auto-generated'],
    ...hops.map((hop) => [LOOP_HEADER, printable(hop).slice(0, MAX_TOKEN_CHARACTERS)] as const),
    [LOOP_HEADER, token],
  ];
}

function senderAddress(receiving: string, domains: readonly string[] | null): string {
  const domain = receiving.slice(receiving.lastIndexOf('@') + 1);
  const [first] = domains ?? [];
  return first === undefined || domains?.includes(domain) === true ? receiving : `${LOCAL_PART}@${first}`;
}

function replyTo({ head }: ReadMail): NewEmail['replyTo'] {
  const answered = head.replyTo.length > 0 ? head.replyTo : head.from;
  const mailboxes = answered.slice(0, MAX_REPLY_TO).flatMap(({ name, address }) => {
    const reading = parseAddrSpec(address);
    return reading.ok ? [mailbox(oneLine(name), reading.mailbox.address)] : [];
  });
  return mailboxes.length === 0 ? null : mailboxes;
}

function authorOf(from: ShownMailbox | undefined): string {
  const name = oneLine(from?.name ?? '');
  return name === '' ? oneLine(from?.address ?? '') || 'Somebody' : name;
}

function mailbox(name: string, address: string): GivenMailbox {
  const short = Array.from(name).slice(0, MAX_NAME_CHARACTERS).join('').trim();
  return { name: short, address, given: shownMailbox({ name: short, address }) };
}

/** Without what ends a field, hides, or turns the direction of reading round. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '');
}
