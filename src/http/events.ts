import type * as z from 'zod';
import type { AccountEventQuery } from '../../schemas/event.ts';
import { readPage } from '../../schemas/page.ts';
import { invalidParameter } from '../../schemas/refusal.ts';
import type { EventFilter } from '../mailroom/webhook-records.ts';
import { parseAddrSpec } from '../mime/address.ts';
import type { KeyedHandlers } from './context.ts';
import { presentAccountEvent, presentPage } from './present.ts';
import type { Reading } from './request.ts';

/** Everything that happened in the account. */
export const events: Pick<KeyedHandlers, 'listEvents'> = {
  async listEvents({ query }, { room }) {
    const filter = readFilter(query);
    if (!filter.ok) return filter;
    const found = await room.events({ filter: filter.value, page: readPage(query) });
    return found.ok ? { status: 200, body: presentPage(found.value, presentAccountEvent) } : found;
  },
};

function readFilter(query: z.output<typeof AccountEventQuery>): Reading<EventFilter> {
  // Events name an address as it went on the wire, which is how it is looked for.
  const address = query.recipient === undefined ? null : parseAddrSpec(query.recipient.trim());
  if (address?.ok === false) {
    return { ok: false, refusal: invalidParameter('recipient', 'An address without a name is expected.') };
  }
  const [name, value] = query.tag?.split(':') ?? [];
  return {
    ok: true,
    value: {
      type: query.type ?? null,
      emailId: query.email_id?.toLowerCase() ?? null,
      recipient: address?.mailbox.address ?? null,
      tag: name === undefined || value === undefined ? null : { name, value },
      since: query.since === undefined ? null : Date.parse(query.since),
      until: query.until === undefined ? null : Date.parse(query.until),
    },
  };
}
