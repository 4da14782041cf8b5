import { contentIdProblem, filenameProblem, readContentType } from './attachment-fields.ts';
import { base64Lines, base64Size } from './base64-lines.ts';
import type { Entity } from './entity.ts';
import { ascii } from './entity.ts';
import { UNKNOWN_TYPE } from './media-types.ts';
import type { MessageAttachment } from './message.ts';
import { filenameParameters, withParameters } from './parameters.ts';
import type { Segment } from './segments.ts';
import { readSevenBit, withCrlf } from './seven-bit.ts';

/** How a file travels. */
interface Transfer {
  readonly type: string;
  readonly encoding: '7bit' | 'base64';
  readonly body: readonly Segment[];
}

/** One file as a part of a message. Every value was checked before; one that breaks its rule here is a defect, and throws. */
export async function attachmentEntity(attachment: MessageAttachment): Promise<Entity> {
  const { filename, contentId, disposition } = attachment;
  const type = checkedType(attachment);
  const names = filenameParameters(filename);
  const transfer = type.startsWith('message/')
    ? await messageTransfer(type, attachment)
    : base64(type, attachment);
  const fields = [
    withParameters(`Content-Type: ${transfer.type}`, [names.name]),
    `Content-Transfer-Encoding: ${transfer.encoding}`,
    ...(contentId === null ? [] : [`Content-ID: <${contentId}>`]),
    withParameters(`Content-Disposition: ${disposition}`, names.disposition),
  ];
  return { fields: fields.map((field) => `${field}\r\n`).join(''), body: transfer.body };
}

function checkedType({ filename, contentType, contentId, disposition }: MessageAttachment): string {
  const reading = readContentType(contentType);
  const isSound =
    filename !== '' &&
    (disposition === 'inline' || disposition === 'attachment') &&
    filenameProblem(filename) === null &&
    (contentId === null || contentIdProblem(contentId) === null);
  if (!reading.ok || !isSound)
    throw new Error('An attachment has a name, type or content id that would break its part.');
  return reading.type;
}

/**
 * A message as an attachment must not be encoded (RFC 2046 §5.2.1), and there are readers that then take the base64 for its
 * text. One that cannot travel as it is (8-bit text, long lines, a CR alone) goes as a file of no type: its name still says
 * what it is, and every reader gets the very bytes.
 */
async function messageTransfer(type: string, attachment: MessageAttachment): Promise<Transfer> {
  const { isClean, size } = await readSevenBit(attachment.open());
  if (!isClean) return base64(UNKNOWN_TYPE, attachment);
  const body = { size, open: () => withCrlf(attachment.open()) };
  return { type, encoding: '7bit', body: [body, ascii('\r\n')] };
}

function base64(type: string, attachment: MessageAttachment): Transfer {
  const body = { size: base64Size(attachment.size), open: () => base64Lines(attachment.open()) };
  return { type, encoding: 'base64', body: [body] };
}
