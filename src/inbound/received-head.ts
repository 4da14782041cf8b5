import type { ReceivedHead, ShownMailbox } from '../mailroom/received-records.ts';
import { parseMail } from '../mime/parse-mail.ts';
import type { ParsedAddress, ParsedMail } from '../mime/parsed.ts';

/** RFC 2606: no mail server is ever called so. */
export const MADE_UP_DOMAIN = 'inbound.invalid';

/** What a mail's header says, in the form in which it is kept. @param id of the received mail: a mail without Message-ID gets it */
export function headOf(mail: ParsedMail<unknown>, id: string): ReceivedHead {
  return {
    from: mail.from.map(shown),
    to: mail.to.map(shown),
    cc: mail.cc.map(shown),
    bcc: mail.bcc.map(shown),
    replyTo: mail.replyTo.map(shown),
    subject: mail.subject,
    messageId: mail.messageId ?? `<${id}@${MADE_UP_DOMAIN}>`,
    inReplyTo: mail.inReplyTo,
    references: mail.references,
    date: mail.date,
    headers: Object.entries(mail.headers),
  };
}

/** The same of a header block alone. By the reader of whole mails, so that what is listed first is not corrected later, unless the block is cut. */
export async function headOfBlock(block: Uint8Array, id: string): Promise<ReceivedHead> {
  const source = (async function* () {
    yield block;
  })();
  return headOf(await parseMail({ source, sink: passBy }), id);
}

async function passBy(_head: unknown, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of body);
}

function shown({ name, address }: ParsedAddress): ShownMailbox {
  return { name, address };
}
