import type { Tickets } from '../secrets/ticket.ts';

/** What the link in a mail says: who wants no more mail, and of which account. */
export interface UnsubscribeClaims {
  readonly account: string;
  /** Canonical. */
  readonly address: string;
}

/** It ends never: a mail may be read years later, and whoever wants no more of them must still be heard. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** The ticket of one recipient, for `PUBLIC_URL/unsubscribe/{ticket}`. */
export async function issueUnsubscribe(
  tickets: Tickets,
  { account, address }: UnsubscribeClaims,
): Promise<string> {
  return await tickets.issue({ account, address }, NEVER);
}

/** Null for a ticket that is altered, another kind's or nobody's. */
export async function readUnsubscribe(
  tickets: Tickets,
  ticket: string,
  now: number,
): Promise<UnsubscribeClaims | null> {
  const claims = await tickets.read(ticket, now);
  if (claims === null || typeof claims['account'] !== 'string' || typeof claims['address'] !== 'string')
    return null;
  return { account: claims['account'], address: claims['address'] };
}
