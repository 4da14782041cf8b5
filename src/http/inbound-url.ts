import { INBOUND_SOURCES, type InboundUrlSource } from '../../schemas/inbound.ts';
import type { Tickets } from '../secrets/ticket.ts';

/** What a signed URL says: whose mail comes by it, from what, and for whom. */
export interface InboundUrlClaims {
  readonly account: string;
  readonly source: InboundUrlSource;
  /** The one recipient (canonical), whatever a call says; null: what the call says. */
  readonly to: string | null;
}

/** For a URL that stands in the settings of a mail server for years. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Mailgun posts the raw message only to a URL that ends in `mime`. */
const MAILGUN_ENDING = '.mime';

/** @param until milliseconds since 1970 UTC, or null: it does not end. */
export async function issueInboundUrl(
  { account, source, to }: InboundUrlClaims,
  {
    tickets,
    publicUrl,
    until,
  }: { readonly tickets: Tickets; readonly publicUrl: string; readonly until: number | null },
): Promise<string> {
  const ticket = await tickets.issue({ account, source, to }, until ?? NEVER);
  return `${publicUrl}/inbound/${source}/${ticket}${source === 'mailgun' ? MAILGUN_ENDING : ''}`;
}

/** Null for a ticket that is over, altered, another kind's, or for another source than the path says. */
export async function readInboundUrl(
  { source, ticket }: { readonly source: string; readonly ticket: string },
  { tickets, now }: { readonly tickets: Tickets; readonly now: number },
): Promise<InboundUrlClaims | null> {
  const isMailgun = source === 'mailgun' && ticket.endsWith(MAILGUN_ENDING);
  const signed = isMailgun ? ticket.slice(0, -MAILGUN_ENDING.length) : ticket;
  const said = (await tickets.read(signed, now)) ?? {};
  const { account, to } = said;
  const known = INBOUND_SOURCES.find((one) => one === said['source']);
  if (typeof account !== 'string' || typeof to === 'number' || to === undefined) return null;
  return known === undefined || known !== source ? null : { account, source: known, to };
}
