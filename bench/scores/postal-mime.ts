import PostalMime, { type Address } from 'postal-mime';
import type { ParsedAddress } from '../../src/mime/parsed.ts';
import type { ReadFacts } from './read-mail.ts';

/** The same facts by the library that we might have taken (docs/decisions/0040): what it read, in our words. */
export async function readByPostalMime(bytes: Uint8Array): Promise<ReadFacts> {
  const mail = await PostalMime.parse(bytes, { forceRfc822Attachments: true });
  const date = Date.parse(mail.date ?? '');
  return {
    from: flat(mail.from === undefined ? [] : [mail.from]),
    to: flat(mail.to),
    cc: flat(mail.cc),
    subject: mail.subject ?? '',
    date: Number.isNaN(date) ? null : date,
    text: mail.text ?? null,
    html: mail.html ?? null,
    attachments: mail.attachments.map(({ content, mimeType }) => {
      const kept = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer);
      return { kept, size: kept.length, contentType: mimeType };
    }),
  };
}

function flat(addresses: readonly Address[] = []): readonly ParsedAddress[] {
  return addresses.flatMap((one) => one.group ?? [one]).map(({ name, address }) => ({ name, address }));
}
