import { concatenated } from './bytes.ts';
import type { DigestBytes } from './composed.ts';
import { hasEighthBit, sealBytes } from './composed.ts';
import { ascii } from './entity.ts';
import { headerBlock } from './header-block.ts';
import type { Composed, Message } from './message.ts';
import { readSegments, sizeOf } from './segments.ts';
import type { TextEntity } from './text-entity.ts';
import { textEntity } from './text-entity.ts';
import { entityWithAttachments } from './with-attachments.ts';

/**
 * Names the bytes that this file makes of a message without attachments, and of one with them. Stored with a message at its
 * first attempt; a change to what is written makes a new number, and the old composer stays while a row names it.
 */
export const COMPOSER_VERSION = 1;
export const ATTACHMENTS_VERSION = 2;

/** RFC 2046 §5.1.1 bchars that need no quotes. The boundary is ours; another shape is a defect. */
const BOUNDARY = /^[A-Za-z0-9._-]{16,40}$/;
/** A field of as many characters or more is folded. */
const FOLDED_LENGTH = 76;

/**
 * Composes a message into its exact bytes: 7-bit clean but for addresses that need SMTPUTF8, CRLF line ends, no line over
 * 998 bytes. The same message gives the same bytes on every call.
 */
export async function compose(message: Message, digest?: DigestBytes): Promise<Composed> {
  if (!BOUNDARY.test(message.boundary)) throw new Error('The boundary of a message is not one of ours.');
  if (message.attachments.length > 0) return composeWithAttachments(message);
  const { fields, body } = entityOf(message);
  const first = header(message, fields);
  const bytes = concatenated([first, ...body]);
  const needs = needsOf(first);
  return sealBytes({ version: COMPOSER_VERSION, bytes, needs, ...(digest === undefined ? {} : { digest }) });
}

/** Nothing of a file is read here (but of a message as a file): its size is known, and base64 is arithmetic. */
async function composeWithAttachments(message: Message): Promise<Composed> {
  const { fields, body } = await entityWithAttachments(message, {
    text: textEntity('plain', message.text, 'alone'),
    html: textEntity('html', message.html, 'alone'),
  });
  const first = header(message, fields);
  const segments = [first, ...body];
  return {
    version: ATTACHMENTS_VERSION,
    size: sizeOf(segments),
    sha256: null,
    ...needsOf(first),
    open: () => readSegments(segments),
  };
}

/** The text, the html, or both as alternatives. Of a message with neither the body is empty. */
function entityOf({ text, html, boundary }: Message): {
  fields: string;
  body: readonly Uint8Array<ArrayBuffer>[];
} {
  const place = text && html ? 'part' : 'alone';
  const texts = [textEntity('plain', text, place), textEntity('html', html, place)];
  const [only, other] = texts.filter((one) => one !== null);
  if (only === undefined) return { fields: 'Content-Type: text/plain\r\n', body: [] };
  if (other !== undefined) return alternative(`mw-${boundary}-Part_1`, [only, other]);
  return { fields: only.fields, body: only.isClosed ? only.body.slice(0, 1) : only.body };
}

function alternative(
  boundary: string,
  entities: readonly TextEntity[],
): { fields: string; body: readonly Uint8Array<ArrayBuffer>[] } {
  const type = 'Content-Type: multipart/alternative;';
  const parameter = ` boundary=${boundary}`;
  const fold = type.length + parameter.length < FOLDED_LENGTH ? '' : '\r\n';
  const parts = entities.flatMap(({ fields, body }) => [ascii(`--${boundary}\r\n${fields}\r\n`), ...body]);
  return { fields: `${type}${fold}${parameter}\r\n`, body: [...parts, ascii(`--${boundary}--\r\n`)] };
}

/** Every text is encoded, so that only an address can be more than ASCII. */
function needsOf(header: Uint8Array): { needsSmtpUtf8: boolean; needs8BitMime: false } {
  return { needsSmtpUtf8: hasEighthBit(header), needs8BitMime: false };
}

function header(message: Message, fields: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${headerBlock(message)}${fields}\r\n`);
}
