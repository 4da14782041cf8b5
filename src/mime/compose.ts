import MailComposer from 'nodemailer/lib/mail-composer';
import { endOfHeader, hasEighthBit, sealBytes } from './composed.ts';
import type { Entity } from './entity.ts';
import { ascii } from './entity.ts';
import { headerBlock } from './header-block.ts';
import type { Composed, Message } from './message.ts';
import { readSegments, sizeOf } from './segments.ts';
import { entityWithAttachments } from './with-attachments.ts';

/**
 * Names the bytes that this file makes of a message without attachments, and of one with them. Stored with a message at its
 * first attempt; a change to what is written makes a new number, and the old composer stays while a row names it.
 */
export const COMPOSER_VERSION = 1;
export const ATTACHMENTS_VERSION = 2;

/** Together with the random part from the message, well below the 70 characters of RFC 2046 §5.1.1. */
const BOUNDARY_PREFIX = 'mw';
/** RFC 2046 §5.1.1 bchars that need no quotes. The boundary is ours; another shape is a defect. */
const BOUNDARY = /^[A-Za-z0-9._-]{16,40}$/;
/** Without NUL, DEL and the other controls (RFC 5321 §2.3.8), and without anything that is not ASCII. */
const PLAIN = /^[\t\r\n\x20-\x7e]*$/;

/**
 * Composes a message into its exact bytes: 7-bit clean but for addresses that need SMTPUTF8, CRLF line ends, no line over
 * 998 bytes. The same message gives the same bytes on every call.
 *
 * The library makes the MIME structure, from two strings. Names, addresses, subject and headers never reach it (it would
 * interpret them); its own header fields are dropped but for those that describe the body.
 */
export async function compose(message: Message): Promise<Composed> {
  if (!BOUNDARY.test(message.boundary)) throw new Error('The boundary of a message is not one of ours.');
  if (message.attachments.length > 0) return composeWithAttachments(message);
  const { fields, body } = await build(message, { text: message.text, html: message.html });
  return sealBytes({ version: COMPOSER_VERSION, bytes: joined(header(message, fields), body) });
}

/** Nothing of a file is read here (but of a message as a file): its size is known, and base64 is arithmetic. */
async function composeWithAttachments(message: Message): Promise<Composed> {
  const { fields, body } = await entityWithAttachments(message, {
    text: await textEntity(message, { text: message.text, html: null }),
    html: await textEntity(message, { text: null, html: message.html }),
  });
  const first = header(message, fields);
  const segments = [first, ...body];
  return {
    version: ATTACHMENTS_VERSION,
    size: sizeOf(segments),
    sha256: null,
    needsSmtpUtf8: hasEighthBit(first),
    needs8BitMime: false,
    open: () => readSegments(segments),
  };
}

async function textEntity(message: Message, texts: Pick<Message, 'text' | 'html'>): Promise<Entity | null> {
  if (!texts.text && !texts.html) return null;
  const { fields, body } = await build(message, texts);
  // At the end of what it makes, the library closes the last line if it is open; and a closed one is content.
  const isClosed =
    /[\r\n]$/.test(texts.text || texts.html || '') && !/^Content-Transfer-Encoding: base64\r$/im.test(fields);
  return { fields, body: isClosed ? [body, ascii('\r\n')] : [body] };
}

/** What the library makes of these texts, without the fields that do not describe the body. */
async function build(
  message: Message,
  { text, html }: Pick<Message, 'text' | 'html'>,
): Promise<{ readonly fields: string; readonly body: Uint8Array }> {
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    baseBoundary: message.boundary,
    boundaryPrefix: BOUNDARY_PREFIX,
    messageId: message.messageId,
    date: new Date(message.date),
    textEncoding: 'Q',
    ...(text ? { text: contentOf(text) } : {}),
    ...(html ? { html: contentOf(html) } : {}),
  });
  const built = await composer.compile().build();
  const end = endOfHeader(built);
  const fields = bodyFields(new TextDecoder().decode(built.subarray(0, end)));
  return { fields, body: built.subarray(end) };
}

function header(message: Message, fields: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${headerBlock(message)}${fields}\r\n`);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

/** Never `path`, `href` or `raw`: the content is this string. An empty string is no part; with no part, the body is empty. */
function contentOf(given: string): { readonly content: string; readonly contentTransferEncoding?: string } {
  const content = given.replace(/\r\n|\r|\n/g, '\r\n'); // RFC 2046 §4.1.1: a line break in text is CRLF
  // Plain text with short lines then travels as it is, and with long ones as quoted-printable (`textEncoding`).
  if (PLAIN.test(content)) return { content };
  return { content, contentTransferEncoding: encodingFor(new TextEncoder().encode(content)) };
}

/** The shorter of the two; at a tie quoted-printable, which is legible in the source. */
function encodingFor(bytes: Uint8Array): 'quoted-printable' | 'base64' {
  let escaped = 0;
  for (const byte of bytes) if (!isLiteral(byte)) escaped += 1;
  return bytes.length + 2 * escaped <= (bytes.length * 4) / 3 ? 'quoted-printable' : 'base64';
}

/** RFC 2045 §6.7 rules 1 and 2, line ends included. */
function isLiteral(byte: number): boolean {
  return (byte >= 0x20 && byte <= 0x7e && byte !== 0x3d) || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}

/** The `Content-` fields of a header section, folded lines included. */
function bodyFields(section: string): string {
  return section
    .split(/\r\n(?![ \t])/)
    .filter((field) => /^Content-/i.test(field))
    .map((field) => `${field}\r\n`)
    .join('');
}
