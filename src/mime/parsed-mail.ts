import { bodyTexts } from './body-text.ts';
import { autoFacts, repeatedFields } from './mail-facts.ts';
import type { MailReader } from './mail-reader.ts';
import { readReceivedAddresses } from './parse-addresses.ts';
import { readReceivedDate } from './parse-date.ts';
import { fieldText, firstValue, type ReceivedField } from './parse-header.ts';
import { MAX_REFERENCES } from './parse-limits.ts';
import { decodeReceivedWords } from './parse-words.ts';
import type { ParsedAddress, ParsedMail } from './parsed.ts';

const IDENTIFIER = /<[^<>]{1,998}>/g;
/** Fields whose encoded words are names of mailboxes: decoded, a name could be read as an address. */
const ADDRESS_FIELDS = new Set(
  'from sender reply-to to cc bcc resent-from resent-sender resent-reply-to resent-to resent-cc resent-bcc return-path errors-to disposition-notification-to delivered-to x-original-to'.split(
    ' ',
  ),
);

/** Puts together what was read. */
export function parsedMail<Kept>(reader: MailReader<Kept>): ParsedMail<Kept> {
  const { charset, fields: received, reportType } = reader;
  const addresses = (name: string): readonly ParsedAddress[] => {
    const value = firstValue(received, name);
    if (value === null) return [];
    const reading = readReceivedAddresses(value, charset);
    if (reading.isCut) reader.limit('addresses');
    return reading.addresses;
  };
  const fields = received.map(({ name, value }) => ({ name, value: onOneLine(fieldText(value, charset)) }));
  const from = addresses('from');
  const people = {
    from,
    sender: addresses('sender')[0] ?? null,
    replyTo: addresses('reply-to'),
    to: addresses('to'),
    cc: addresses('cc'),
    bcc: addresses('bcc'),
  };
  return {
    ...people,
    subject: decodeReceivedWords(firstValue(received, 'subject') ?? '', charset),
    date: readReceivedDate(firstValue(received, 'date') ?? ''),
    messageId: identifiers(firstValue(received, 'message-id') ?? '')[0] ?? null,
    inReplyTo: identifiers(firstValue(received, 'in-reply-to') ?? '')[0] ?? null,
    references: shortened(identifiers(firstValue(received, 'references') ?? '')),
    ...bodyTexts(reader.root, charset),
    headers: headersOf(received, charset),
    fields,
    attachments: reader.files.done,
    reportType,
    report: reader.reports.parts(charset),
    auto: autoFacts({ fields, from, reportType }),
    repeated: repeatedFields(fields),
    // Last: what is above may still find a limit broken.
    parse: reader.limits.size === 0 ? 'full' : 'limited',
    limits: [...reader.limits],
  };
}

/** With angle brackets. Some writers leave them out. */
function identifiers(value: string): readonly string[] {
  const text = value.replaceAll('\n', ' ');
  const bracketed = text.match(IDENTIFIER);
  if (bracketed !== null)
    return bracketed.map((id) => id.replace(/[\s\x80-\xff]/g, '')).filter((id) => id !== '<>');
  return text
    .split(/[ \t]+/)
    .filter((word) => /^[^<>\s]{1,998}$/.test(word) && word.includes('@'))
    .map((word) => `<${word}>`);
}

function shortened(references: readonly string[]): readonly string[] {
  if (references.length <= MAX_REFERENCES) return references;
  return [...references.slice(0, 1), ...references.slice(1 - MAX_REFERENCES)];
}

function headersOf(
  fields: readonly ReceivedField[],
  charset: string | null,
): Readonly<Record<string, string>> {
  const values = new Map<string, string[]>();
  for (const { name, value } of fields) {
    const text = ADDRESS_FIELDS.has(name)
      ? onOneLine(fieldText(value, charset))
      : decodeReceivedWords(value, charset);
    const known = values.get(name);
    if (known === undefined) values.set(name, [text]);
    else known.push(text);
  }
  const headers: Record<string, string> = Object.create(null);
  for (const [name, all] of values) headers[name] = all.join(', ');
  return headers;
}

function onOneLine(folded: string): string {
  return folded.replace(/\p{Cc}/gu, ' ');
}
