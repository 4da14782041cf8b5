/** From here on a received mail is large. An index holds the number too (`migration-mail-size.ts`). */
export const LARGE_MAIL_BYTES = 1024 * 1024;

/** By what it may cost to read: a quarter of a second of processor for a MiB that is meant to. */
export type MailSize = 'small' | 'large';
