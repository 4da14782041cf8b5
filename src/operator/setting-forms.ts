import * as z from 'zod';
import { parseAddrSpec } from '../mime/address.ts';
import { canonicalDomain } from '../mime/domain.ts';

/** Forms that several settings have. */
export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/)
    .transform(Number)
    .refine((number) => number >= least && number <= most);

/** Read into its canonical form: A-label, lower case. */
export const domain = z.string().transform((given, context) => {
  const canonical = canonicalDomain(given.trim());
  if (canonical !== null) return canonical;
  context.addIssue({ code: 'custom', message: 'not a domain' });
  return z.NEVER;
});

/** A bare address, read into its canonical form. */
export const address = z.string().transform((given, context) => {
  const reading = parseAddrSpec(given.trim());
  if (reading.ok) return reading.mailbox.address;
  context.addIssue({ code: 'custom', message: 'not an address' });
  return z.NEVER;
});

/** One or more, separated by commas. */
export const listOf = <Item extends z.ZodType<unknown, string>>(item: Item) =>
  z
    .string()
    .transform((list) => list.split(',').map((one) => one.trim()))
    .pipe(z.array(item));
