import MailComposer from 'nodemailer/lib/mail-composer';
import { headerBlock } from '../../src/mime/header-block.ts';
import type { Message } from '../../src/mime/message.ts';

/** What `nodemailer`'s composer makes of the texts of a message, under our own header fields. */
export async function composeWithNodemailer(message: Message): Promise<Buffer> {
  const { fields, body } = await nodemailerEntity(message);
  return Buffer.concat([Buffer.from(`${headerBlock(message)}${fields}\r\n`), body]);
}

/** The fields that describe the body, and the body. */
export async function nodemailerEntity({
  messageId,
  boundary,
  text,
  html,
}: Message): Promise<{ readonly fields: string; readonly body: Buffer }> {
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    baseBoundary: boundary,
    boundaryPrefix: 'mw',
    messageId,
    textEncoding: 'Q',
    ...(text ? { text: contentOf(text) } : {}),
    ...(html ? { html: contentOf(html) } : {}),
  });
  const built = await composer.compile().build();
  const end = built.indexOf('\r\n\r\n') + 2;
  const fields = built
    .toString('utf8', 0, end)
    .split(/\r\n(?![ \t])/)
    .filter((field) => /^Content-/i.test(field))
    .map((field) => `${field}\r\n`);
  return { fields: fields.join(''), body: built.subarray(end + 2) };
}

function contentOf(given: string): { readonly content: string; readonly contentTransferEncoding?: string } {
  const content = given.replace(/\r\n|\r|\n/g, '\r\n');
  if (/^[\t\r\n\x20-\x7e]*$/.test(content)) return { content };
  const bytes = Buffer.from(content);
  const escaped = bytes.filter((byte) => !/[\t\r\n\x20-<>-~]/.test(String.fromCharCode(byte))).length;
  const isLegible = bytes.length + 2 * escaped <= (bytes.length * 4) / 3;
  return { content, contentTransferEncoding: isLegible ? 'quoted-printable' : 'base64' };
}
