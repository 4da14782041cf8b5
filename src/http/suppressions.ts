import type * as z from 'zod';
import type { Refusal } from '../../schemas/error.ts';
import { readPage } from '../../schemas/page.ts';
import { invalidAddress, malformedId, notFound } from '../../schemas/refusal.ts';
import type { AddSuppressions } from '../../schemas/suppression.ts';
import type { NewSuppression } from '../mailroom/records.ts';
import { parseAddrSpec } from '../mime/address.ts';
import type { Context, KeyedHandlers } from './context.ts';
import { presentPage, presentSuppression } from './present.ts';
import type { Reading } from './request.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Addresses that are never written to again, until they are taken off the list. */
export const suppressions: Pick<
  KeyedHandlers,
  | 'createSuppression'
  | 'listSuppressions'
  | 'addSuppressions'
  | 'removeSuppressions'
  | 'getSuppression'
  | 'deleteSuppression'
> = {
  async createSuppression({ body }, context) {
    const address = canonical(body.email, 'email');
    if (!address.ok) return address;
    const [entry] = await context.room.suppress({
      entries: [entryOf(address.value, body, context)],
      now: context.now,
    });
    // Here and below: webhooks may have to be told.
    context.parts.wake(context.account);
    if (entry === undefined) throw new Error('An entry that was added is not there');
    return { status: 201, body: { object: 'suppression', id: entry.id } };
  },

  async listSuppressions({ query }, { room, now }) {
    const found = await room.suppressions({ page: readPage(query), origin: query.origin ?? null, now });
    return found.ok ? { status: 200, body: presentPage(found.value, presentSuppression) } : found;
  },

  async addSuppressions({ body }, context) {
    const addresses = allCanonical(body.emails);
    if (!addresses.ok) return addresses;
    const entries = addresses.value.map((address) => entryOf(address, body, context));
    const added = await context.room.suppress({ entries, now: context.now });
    context.parts.wake(context.account);
    return { status: 201, body: { data: added.map(({ id }) => ({ object: 'suppression' as const, id })) } };
  },

  async removeSuppressions({ body }, { room, parts, account, now }) {
    const asked = body.emails === undefined ? ids(body.ids ?? []) : allCanonical(body.emails);
    if (!asked.ok) return asked;
    const removed = await room.unsuppress({ idsOrAddresses: asked.value, now });
    parts.wake(account);
    return { status: 200, body: { data: removed.map(({ id }) => gone(id)) } };
  },

  async getSuppression({ params }, { room, now }) {
    const asked = idOrAddress(params.id);
    if (!asked.ok) return asked;
    const entry = await room.suppression({ idOrAddress: asked.value, now });
    if (entry === null) return { refusal: notFound('Suppression') };
    return { status: 200, body: presentSuppression(entry) };
  },

  async deleteSuppression({ params }, { room, parts, account, now }) {
    const asked = idOrAddress(params.id);
    if (!asked.ok) return asked;
    const [entry] = await room.unsuppress({ idsOrAddresses: [asked.value], now });
    parts.wake(account);
    if (entry === undefined) return { refusal: notFound('Suppression') };
    return { status: 200, body: gone(entry.id) };
  },
};

function gone(id: string) {
  return { object: 'suppression', id, deleted: true } as const;
}

function refused(refusal: Refusal): Reading<never> & { readonly ok: false } {
  return { ok: false, refusal };
}

/** The list holds addresses as they go on the wire: what is checked there and what is sent is one string. */
function canonical(text: string, field: string): Reading<string> {
  const reading = parseAddrSpec(text.trim());
  return reading.ok ? { ok: true, value: reading.mailbox.address } : refused(invalidAddress(field));
}

function allCanonical(texts: readonly string[]): Reading<readonly string[]> {
  const addresses: string[] = [];
  for (const [index, text] of texts.entries()) {
    const address = canonical(text, `emails[${index}]`);
    if (!address.ok) return address;
    addresses.push(address.value);
  }
  return { ok: true, value: addresses };
}

function ids(given: readonly string[]): Reading<readonly string[]> {
  return { ok: true, value: given.map((id) => id.toLowerCase()) };
}

/** A path names an entry by its id or by its address. */
function idOrAddress(text: string): Reading<string> {
  if (UUID.test(text.toLowerCase())) return { ok: true, value: text.toLowerCase() };
  const reading = parseAddrSpec(text);
  return reading.ok ? { ok: true, value: reading.mailbox.address } : refused(malformedId('id'));
}

function entryOf(
  address: string,
  terms: Pick<z.output<typeof AddSuppressions>, 'expires_at' | 'note'>,
  { parts }: Context,
): NewSuppression {
  return {
    id: parts.newId(),
    address,
    expiresAt: terms.expires_at === undefined ? null : Date.parse(terms.expires_at),
    note: terms.note ?? null,
  };
}
