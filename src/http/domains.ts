import { isUnpaged, type PageRequest, readPage } from '../../schemas/page.ts';
import { notFound, unknownCursor } from '../../schemas/refusal.ts';
import type { PageOf } from '../mailroom/records.ts';
import type { KeyedHandlers } from './context.ts';
import type { SenderDomain } from './parts.ts';
import { presentDomain, presentDomainSummary, presentPage } from './present.ts';
import type { Reading } from './request.ts';

/** Sender domains are the operator's: they come from DOMAINS, and the API shows them. */
export const domains: Pick<KeyedHandlers, 'listDomains' | 'getDomain'> = {
  async listDomains({ query }, { parts }) {
    const all = parts.settings.domains ?? [];
    const page = isUnpaged(query) ? whole(all) : pageOf(all, readPage(query));
    if (!page.ok) return page;
    const { receivingDomains } = parts.settings;
    const body = presentPage(page.value, (domain) => presentDomainSummary(domain, receivingDomains));
    return { status: 200, body };
  },

  async getDomain({ params }, { parts }) {
    const domain = parts.settings.domains?.find(({ id }) => id === params.id.toLowerCase());
    if (domain === undefined) return { refusal: notFound('Domain') };
    return { status: 200, body: presentDomain(domain, parts.settings.receivingDomains) };
  },
};

function whole(items: readonly SenderDomain[]): Reading<PageOf<SenderDomain>> {
  return { ok: true, value: { items, hasMore: false } };
}

/** `after` walks towards the end of the list, `before` towards its start; the item named is left out. */
function pageOf(all: readonly SenderDomain[], page: PageRequest): Reading<PageOf<SenderDomain>> {
  const { after, before, limit } = page;
  const cursor = after ?? before;
  const place = cursor === null ? -1 : all.findIndex(({ id }) => id === cursor);
  if (cursor !== null && place === -1) {
    return { ok: false, refusal: unknownCursor(after === null ? 'before' : 'after') };
  }
  if (before !== null) {
    const start = Math.max(0, place - limit);
    return { ok: true, value: { items: all.slice(start, place), hasMore: start > 0 } };
  }
  const end = place + 1 + limit;
  return { ok: true, value: { items: all.slice(place + 1, end), hasMore: end < all.length } };
}
