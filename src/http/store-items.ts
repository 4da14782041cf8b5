import type { AttachmentRecord } from '../mailroom/attachment-records.ts';
import type { SendItem } from '../mailroom/mailroom.ts';
import type { Draft, DraftOrRefusal } from './draft.ts';
import { keepFile } from './files.ts';
import type { Stored } from './gate.ts';
import type { Parts } from './parts.ts';
import type { Plan } from './plan.ts';
import { draftRefusal } from './sender.ts';
import type { Shelf } from './shelf.ts';

const NOTHING: ReadonlySet<DraftOrRefusal> = new Set();

interface Items {
  readonly mode: Plan['mode'];
  readonly items: readonly DraftOrRefusal[];
  readonly domains: Parts['settings']['domains'];
}

/** The mails that will be stored: none of those that are refused, and none at all when one bad mail refuses the request. */
function storable({ mode, items, domains }: Items, keyDomain: string | null): ReadonlySet<DraftOrRefusal> {
  const good = items.filter(
    (item) => item.kind === 'draft' && draftRefusal(item.draft, keyDomain, domains) === null,
  );
  return new Set(good.length < items.length && mode !== 'permissive' ? [] : good);
}

/** Whether a request needs anything to be in the store before it is accepted. */
export function stores(call: Items, keyDomain: string | null): boolean {
  return call.items.some(needsStore) && [...storable(call, keyDomain)].some(needsStore);
}

function needsStore(item: DraftOrRefusal): boolean {
  return item.kind === 'draft' && item.draft.objects.length + item.draft.files.length > 0;
}

/**
 * Stores what the mails need, and makes of them what the room takes. A mail whose upload is not what was announced is refused here.
 *
 * @throws StoreUnavailable
 */
export async function storeItems(call: Items, keyDomain: string | null, shelf: Shelf): Promise<Stored> {
  const good = call.items.some(needsStore) ? storable(call, keyDomain) : NOTHING;
  const items: SendItem[] = [];
  for (const item of call.items) {
    if (item.kind === 'refused') items.push({ kind: 'refused', refusal: item.refusal });
    else if (good.has(item)) items.push(await storeDraft(item.draft, shelf));
    else items.push(unstored(item.draft, keyDomain, call.domains));
  }
  return { items, uploads: copiesOf(call.items) };
}

async function storeDraft({ email, objects, files }: Draft, shelf: Shelf): Promise<SendItem> {
  const attachments: AttachmentRecord[] = [];
  for (const file of files) {
    const kept = await keepFile(file);
    if (!kept.ok) return { kind: 'refused', refusal: kept.refusal };
    attachments.push(kept.record);
  }
  for (const { bytes, sha256, contentType } of objects) await shelf.keep(bytes, { sha256, contentType });
  return { kind: 'email', email: { ...email, attachments } };
}

/**
 * Nothing is stored for it: it needs nothing, or is refused by its sender or by another mail of the request. The room says by which, so
 * that nothing of it need be complete.
 */
function unstored(draft: Draft, keyDomain: string | null, domains: Items['domains']): SendItem {
  const refusal = draftRefusal(draft, keyDomain, domains);
  return refusal === null ? { kind: 'email', email: draft.email } : { kind: 'refused', refusal };
}

/** The uploads of which a copy was taken: the next mail that names one needs none. */
function copiesOf(items: readonly DraftOrRefusal[]): Stored['uploads'] {
  const files = items.flatMap((item) => (item.kind === 'draft' ? item.draft.files : []));
  const copies = files.flatMap(({ bytes }) => bytes.copied?.() ?? []);
  return [...new Map(copies.map((copy) => [copy.id, copy])).values()];
}
