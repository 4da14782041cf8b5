import type { ParsedField } from './parsed.ts';
import { addressesIn, addressIn } from './report-address.ts';
import type { Prose } from './report-prose.ts';

/** Recipients read from one report: one mail of ours has 150 at most. */
export const MAX_RECIPIENTS = 200;

/** Named as senders or helpers, not as recipients. */
const BEHIND_SENDER =
  /(?:mail ?from|from|sender|sent by|reply-?to|contact|mailto|return-?path|f=)\s*[:=]?\s*[<[("]?$/i;
const HELPER =
  /^(?:postmaster|mailer-daemon|abuse|support|helpdesk|help|admin|administrator|noreply|no-reply)@/i;

/** A line that is about this address: alone, at its beginning in brackets, or behind the reply of a transcript. */
const OWN_LINE = [
  /^[\s>|]*(?:[<"'(]|\u201c)?([^\s<>"'():;,]+@[^\s<>"'():;,]+)[>"')]*(?:[\s:.]*|\s*\.\.\.\s.*)$/,
  /^\s*(?:[45]\d\d[ -])?(?:[45]\.\d\.\d{1,3} )?<([^\s<>]+@[^\s<>]+)>/,
];
const ANNOUNCED =
  /(?:deliver(?:ed|able)? to|could not be delivered to|undeliverable to|rcpt ?to|final-recipient|recipient|unknown user|no such user|mail address|addressed to|\bto)\s*[:;]*\s*[<"'(]*$/i;

/** Recipients that the words name, in their order, each once. `ours`: who is told, and so not who is meant. */
export function recipientsInProse({ lines }: Prose, ours: ReadonlySet<string>): readonly string[] {
  const onOwnLine: string[] = [];
  const announced: string[] = [];
  const anywhere: string[] = [];
  for (const line of lines) {
    if (!line.includes('@')) continue;
    const own = OWN_LINE.map((pattern) => pattern.exec(line)?.[1]).find((match) => match !== undefined);
    const ownAddress = own === undefined ? null : addressIn(own);
    for (const { address, before } of addressesIn(line)) {
      if (ours.has(address.toLowerCase()) || HELPER.test(address) || BEHIND_SENDER.test(before)) continue;
      if (address === ownAddress) onOwnLine.push(address);
      else if (ANNOUNCED.test(before)) announced.push(address);
      else anywhere.push(address);
    }
  }
  const best = [onOwnLine, announced, anywhere].find((list) => list.length > 0) ?? [];
  return unique(best);
}

/** `To` of the returned mail, for a report that names nobody. */
export function recipientsOfOriginal(fields: readonly ParsedField[]): readonly string[] {
  const values = fields.filter(
    ({ name }) => name === 'to' || name === 'x-original-to' || name === 'delivered-to',
  );
  return unique(values.slice(0, 1).flatMap(({ value }) => addressesIn(value).map(({ address }) => address)));
}

function unique(addresses: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const address of addresses)
    if (seen.size < MAX_RECIPIENTS)
      seen.set(address.toLowerCase(), seen.get(address.toLowerCase()) ?? address);
  return [...seen.values()];
}
