import type { Refusal } from '../../schemas/error.ts';
import { invalidField } from '../../schemas/refusal.ts';
import type { NewEmail } from '../mailroom/records.ts';
import type { Parts } from './parts.ts';
import { issueUnsubscribe } from './unsubscribe.ts';

type Addressed = Pick<NewEmail, 'envelope' | 'headers'>;

const OURS: ReadonlySet<string> = new Set(['list-unsubscribe', 'list-unsubscribe-post']);

/**
 * The headers of a mail with its link (RFC 2369 §3.2); one click is offered over https alone (RFC 8058 §3.1). Made once,
 * at acceptance, so that every attempt sends the same.
 */
export async function withUnsubscribe(
  { envelope, headers }: Addressed,
  {
    account,
    parts: { tickets, settings },
  }: { readonly account: string; readonly parts: Pick<Parts, 'tickets' | 'settings'> },
): Promise<{ readonly headers: NewEmail['headers'] } | { readonly refusal: Refusal }> {
  const [recipient, ...others] = envelope;
  // The link is one person's: a second recipient could take the first one off the list.
  if (recipient === undefined || others.length > 0) {
    const rule = 'It needs exactly one recipient in all of `to`, `cc` and `bcc`.';
    return { refusal: invalidField('unsubscribe', rule) };
  }
  const own = headers.find(([name]) => OURS.has(name.toLowerCase()));
  if (own !== undefined) {
    const rule = 'This header is written by the service when `unsubscribe` is true.';
    return { refusal: invalidField(`headers.${own[0]}`, rule) };
  }
  const ticket = await issueUnsubscribe(tickets.unsubscribe, { account, address: recipient.address });
  const link = ['List-Unsubscribe', `<${settings.publicUrl}/unsubscribe/${ticket}>`] as const;
  const isSecure = settings.publicUrl.startsWith('https:');
  const post = ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'] as const;
  return { headers: [...headers, link, ...(isSecure ? [post] : [])] };
}
