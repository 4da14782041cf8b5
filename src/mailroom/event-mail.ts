import type { NewEmail } from './records.ts';

/** A mail as its events speak of it. */
export interface EventMail
  extends Pick<NewEmail, 'id' | 'messageId' | 'from' | 'to' | 'subject' | 'headers' | 'tags'> {
  /** Its place in the table, not its public id. */
  readonly seq: number;
  readonly createdAt: number;
}
