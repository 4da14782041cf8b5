import type { ParsedMailbox } from './address.ts';
import { type ListReading, readAddressList } from './address-list.ts';
import { endOfHeader } from './composed.ts';
import { decodeWords } from './encoded-word.ts';
import { dateText } from './header-block.ts';
import { isMessageId } from './header-fields.ts';
import { readHeaderSection, type WrittenField } from './header-section.ts';
import { withCrlf } from './line-ends.ts';

/** RFC 5322 §3.6: at most once. Of two, readers believe different ones. */
const SINGLE =
  'from sender reply-to to cc message-id in-reply-to references subject date mime-version content-type content-transfer-encoding'.split(
    ' ',
  );
/** Never sent on: blind copies, what the last server writes (RFC 5321 §4.4), and switches meant for us alone. */
const REMOVED = new Set(['bcc', 'resent-bcc', 'return-path', 'resend-idempotency-key']);
const REMOVED_PREFIX = 'x-mailwright-';

/** A finished message, ready to be stored and sent as it is, and what its header says. */
export interface RawMail {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly from: ParsedMailbox;
  readonly to: readonly ParsedMailbox[];
  readonly cc: readonly ParsedMailbox[];
  readonly bcc: readonly ParsedMailbox[];
  readonly replyTo: readonly ParsedMailbox[];
  /** Domains of every mailbox that the message claims to come from (From, Sender, Resent-From, Resent-Sender). */
  readonly senderDomains: readonly string[];
  /** Encoded words decoded; `''` without a subject. */
  readonly subject: string;
  /** With angle brackets. */
  readonly messageId: string;
}

export type RawReading =
  | { readonly ok: true; readonly mail: RawMail }
  | { readonly ok: false; readonly rule: string };

/**
 * Reads a whole message that a caller wrote and makes it fit to send: CRLF line ends, no blind copies, and Message-ID,
 * Date and MIME-Version from the given values where they are missing. Everything else goes out byte for byte: a signature
 * over it stays valid. Hence what cannot be sent so (long lines, NUL, 8-bit header fields) is refused, and an 8-bit body
 * asks for a relay with 8BITMIME.
 */
export function readRaw(call: {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly messageId: string;
  readonly date: number;
  /** The envelope comes from elsewhere: address fields that cannot be read are then only left out. */
  readonly hasRecipients: boolean;
}): RawReading {
  const lines = withCrlf(call.bytes);
  if (!lines.ok) return lines;
  const end = endOfHeader(lines.bytes);
  const section = readHeaderSection(lines.bytes.subarray(0, end));
  if (!section.ok) return section;
  const { fields } = section;
  const twice = SINGLE.find((name) => fields.filter((field) => field.lower === name).length > 1);
  if (twice !== undefined) return refused(`The header holds more than one ${twice} field.`);
  const messageId = valueIn(fields, 'message-id') ?? call.messageId;
  if (!isMessageId(messageId)) return refused('The Message-ID needs the form `<left@right>`.');
  const senders = ['from', 'sender', 'resent-from', 'resent-sender'].map((name) => listOf(fields, name));
  const others = ['to', 'cc', 'bcc', 'reply-to'].map((name) => listOf(fields, name));
  const bad = [...senders, ...(call.hasRecipients ? [] : others)].find((list) => !list.reading.ok);
  if (bad !== undefined && !bad.reading.ok)
    return refused(`The ${bad.name} field cannot be read. ${bad.reading.rule}`);
  const [from, ...furtherFrom] = mailboxes(senders[0]);
  if (from === undefined || furtherFrom.length > 0)
    return refused('The From field needs exactly one address.');
  return {
    ok: true,
    mail: {
      bytes: withHeader(headerOf({ fields, messageId, date: call.date }), lines.bytes.subarray(end)),
      from,
      to: mailboxes(others[0]),
      cc: mailboxes(others[1]),
      bcc: mailboxes(others[2]),
      replyTo: mailboxes(others[3]),
      senderDomains: [
        ...new Set(senders.flatMap((list) => mailboxes(list).map((mailbox) => mailbox.domain))),
      ],
      subject: decodeWords(valueIn(fields, 'subject') ?? ''),
      messageId,
    },
  };
}

interface NamedList {
  readonly name: string;
  readonly reading: ListReading;
}

function listOf(fields: readonly WrittenField[], name: string): NamedList {
  const values = fields.filter((field) => field.lower === name).map((field) => field.value);
  return { name, reading: readAddressList(values.join(',')) };
}

function mailboxes(list: NamedList | undefined): readonly ParsedMailbox[] {
  return list?.reading.ok ? list.reading.mailboxes : [];
}

function valueIn(fields: readonly WrittenField[], name: string): string | undefined {
  return fields.find((field) => field.lower === name)?.value;
}

function headerOf(call: {
  readonly fields: readonly WrittenField[];
  readonly messageId: string;
  readonly date: number;
}): string {
  const kept = call.fields.filter(
    (field) => !REMOVED.has(field.lower) && !field.lower.startsWith(REMOVED_PREFIX),
  );
  const has = (name: string): boolean => kept.some((field) => field.lower === name);
  return [
    ...kept.map((field) => field.written),
    ...(has('date') ? [] : [`Date: ${dateText(call.date)}`]),
    ...(has('message-id') ? [] : [`Message-ID: ${call.messageId}`]),
    ...(has('mime-version') ? [] : ['MIME-Version: 1.0']),
    '',
    '',
  ].join('\r\n');
}

function withHeader(header: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(header);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

function refused(rule: string): RawReading {
  return { ok: false, rule };
}
