import * as z from 'zod';

/** Per field (`to`, `cc`, `bcc`, `reply_to`), as the contract counts. */
export const MAX_RECIPIENTS = 50;

/** The order in which addresses are looked at; the first bad one is reported. */
export const ADDRESS_FIELDS = ['from', 'to', 'cc', 'bcc', 'reply_to'] as const;
export type AddressField = (typeof ADDRESS_FIELDS)[number];

/**
 * One mailbox, `a@b.c` or `Name <a@b.c>`. Only the type is checked here: the grammar is the mail parser's, and a comma
 * never splits a string into two.
 */
export const Address = z
  .string({ error: 'A string is expected.' })
  .meta({ id: 'Address', description: 'One mailbox: `email@example.com` or `Name <email@example.com>`.' });

const TOO_MANY = `At most ${MAX_RECIPIENTS} addresses are allowed.`;

/** One mailbox or several. */
export const Addresses = z
  .union([Address, z.array(Address).min(1).max(MAX_RECIPIENTS, TOO_MANY)], {
    error: 'A string or an array of strings is expected.',
  })
  .meta({ id: 'Addresses', description: `One mailbox, or a list of 1 to ${MAX_RECIPIENTS}.` });

/** Optional address fields may be an empty list. */
export const OptionalAddresses = z
  .union([Address, z.array(Address).max(MAX_RECIPIENTS, TOO_MANY)], {
    error: 'A string or an array of strings is expected.',
  })
  .meta({ id: 'OptionalAddresses', description: `One mailbox, or a list of up to ${MAX_RECIPIENTS}.` });

/** How address lists are printed: always an array, each text as it was given, trimmed. */
export const AddressList = z.array(z.string());

/** One text of an address field; `field` is its path: `to`, `cc[1]`. */
export interface AddressText {
  readonly field: string;
  readonly text: string;
}

/** The texts of an address field of a body that was not validated yet. */
export function addressTexts(body: unknown, field: AddressField): readonly AddressText[] {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, field)) return [];
  const value: unknown = (body as Readonly<Record<string, unknown>>)[field];
  if (typeof value === 'string') return [{ field, text: value }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((text: unknown, index) =>
    typeof text === 'string' ? [{ field: `${field}[${index}]`, text }] : [],
  );
}
