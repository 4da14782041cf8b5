import type { Async, Mailroom } from '../mailroom/mailroom.ts';

/** The mailrooms the clerk works for. */
export interface Rooms {
  /** Every account there is, whether or not its room is open. */
  names(): readonly string[];
  /** Null when there is no such account. */
  room(account: string): Promise<Async<Mailroom> | null>;
}
