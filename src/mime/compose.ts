import MailComposer from 'nodemailer/lib/mail-composer';
import { endOfHeader, sealBytes } from './composed.ts';
import { headerBlock } from './header-block.ts';
import type { Composed, Message } from './message.ts';

/**
 * Names the bytes that this file makes. It is stored with a message at its first attempt; a change to what is written
 * makes a new number, and the old composer stays while a row names it.
 */
export const COMPOSER_VERSION = 1;

/** Together with the random part from the message, well below the 70 characters of RFC 2046 §5.1.1. */
const BOUNDARY_PREFIX = 'mw';
/** RFC 2046 §5.1.1 bchars that need no quotes. The boundary is ours; another shape is a defect. */
const BOUNDARY = /^[A-Za-z0-9._-]{16,40}$/;
/** RFC 5322 asks for 78 characters; longer lines are encoded, so that nothing on the way has to break them. */
const LONG_LINE = /[^\r\n]{77}/;
/** Without NUL, DEL and the other controls (RFC 5321 §2.3.8), and without anything that is not ASCII. */
const PLAIN = /^[\t\r\n\x20-\x7e]*$/;
/** The library looks at no longer text before it encodes; both must come to the same end. */
const MAX_PLAIN_LENGTH = 128 * 1024;

/**
 * Composes a message into its exact bytes: 7-bit clean but for addresses that need SMTPUTF8, CRLF line ends, no line over
 * 998 bytes. The same message gives the same bytes on every call.
 *
 * The library makes the MIME structure, from two strings. Names, addresses, subject and headers never reach it (it would
 * interpret them); its own header fields are dropped but for those that describe the body.
 */
export async function compose(message: Message): Promise<Composed> {
  if (!BOUNDARY.test(message.boundary)) throw new Error('The boundary of a message is not one of ours.');
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    baseBoundary: message.boundary,
    boundaryPrefix: BOUNDARY_PREFIX,
    messageId: message.messageId,
    date: new Date(message.date),
    textEncoding: 'Q',
    ...(message.text ? { text: contentOf(message.text) } : {}),
    ...(message.html ? { html: contentOf(message.html) } : {}),
  });
  const entity = await composer.compile().build();
  const end = endOfHeader(entity);
  const fields = new TextDecoder().decode(entity.subarray(0, end));
  const header = new TextEncoder().encode(`${headerBlock(message)}${bodyFields(fields)}\r\n`);
  const bytes = new Uint8Array(header.length + entity.length - end);
  bytes.set(header);
  bytes.set(entity.subarray(end), header.length);
  return sealBytes({ version: COMPOSER_VERSION, bytes });
}

/** Never `path`, `href` or `raw`: the content is this string. An empty string is no part; with no part, the body is empty. */
function contentOf(given: string): { readonly content: string; readonly contentTransferEncoding?: string } {
  const content = given.replace(/\r\n|\r|\n/g, '\r\n'); // RFC 2046 §4.1.1: a line break in text is CRLF
  const encoding = encodingFor(content);
  return encoding === '7bit' ? { content } : { content, contentTransferEncoding: encoding };
}

/** As it is when any server can carry it; else the shorter of the two, quoted-printable (legible in the source) at a tie. */
function encodingFor(text: string): '7bit' | 'quoted-printable' | 'base64' {
  if (PLAIN.test(text) && !LONG_LINE.test(text) && text.length <= MAX_PLAIN_LENGTH) return '7bit';
  const bytes = new TextEncoder().encode(text);
  const escaped = bytes.reduce((count, byte) => (isLiteral(byte) ? count : count + 1), 0);
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
