import { unavailable } from '../../schemas/refusal.ts';
import type { Host } from '../due/host.ts';
import type { NewArrival } from '../mailroom/arrival-records.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import { objectKey } from '../objects/key.ts';
import { reasonOf } from '../objects/reason.ts';
import type { ObjectMeta, ObjectStore } from '../objects/store.ts';
import { StoreUnavailable } from '../objects/store.ts';
import { HeaderTaker } from './header-taker.ts';
import type { Judge, Judged, JudgeParts } from './judge.ts';
import { RETRY_AFTER_SECONDS } from './judge.ts';
import type { Delivery, Receive, Received } from './receive.ts';
import { headOfBlock } from './received-head.ts';

/**
 * As much of a header is read on the way in, on the thread that answers everybody: a header of 256 KiB that is meant to cost much
 * (folds, quotes, addresses) holds it up for 90 ms. What a longer one says further down is listed once the mail has been read;
 * should its readers come to nothing, one more try reads its header alone, up to 256 KiB.
 */
const LISTED_HEADER_BYTES = 32 * 1024;

export interface ReceiveParts extends Pick<JudgeParts, 'room'> {
  readonly judge: Judge;
  readonly objects: ObjectStore;
  readonly host: Pick<Host, 'now' | 'log'>;
  /** A fresh UUID, version 7. */
  readonly newId: () => string;
  /** Something of this account is to be read. */
  readonly wake: (account: string) => void;
  /** INBOUND_MAX_BYTES. */
  readonly maxBytes: number;
}

/** Nothing of it is kept any more. */
class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** An object that was put for one account, and what it holds. */
interface Kept {
  readonly account: string;
  readonly addresses: readonly string[];
  readonly key: string;
  readonly meta: ObjectMeta;
}

/**
 * The one way in. The bytes stream into the object store, then the row is written; only then may the source acknowledge
 * (delivery.md section 13). What fails on the way leaves nothing behind, but for what a crash, or a room that does not
 * answer, makes doubtful: the daily sweep removes objects that no row names.
 *
 * Recipients that are refused do not hold up the others. One delivery may be for several accounts, since a return path of
 * ours names its own: each gets a mail and an object of its own.
 *
 * The promise rejects only with what the source threw.
 */
export function createReceive(parts: ReceiveParts): Receive {
  return async (delivery) => {
    const { account, envelopeTo } = delivery;
    const verdicts = await parts.judge({ account, addresses: envelopeTo });
    const groups = byAccount(verdicts);
    if (groups.size === 0 || verdicts.some(({ kind }) => kind === 'unavailable')) return noneTaken(verdicts);
    const since = parts.host.now();
    try {
      return await keepAll(delivery, groups, { ...parts, since });
    } catch (cause) {
      if (cause instanceof TooLarge)
        return { kind: 'refused', reason: 'size', message: 'Message too large.' };
      if (!(cause instanceof StoreUnavailable)) throw cause;
      parts.host.log({ level: 'error', event: 'mail_not_stored', account, cause: reasonOf(cause) });
      return NOT_NOW;
    }
  };
}

const NOT_NOW: Received = { kind: 'unavailable', refusal: unavailable(RETRY_AFTER_SECONDS) };

function byAccount(verdicts: readonly Judged[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const one of verdicts) {
    if (one.kind !== 'take') continue;
    const known = groups.get(one.account) ?? [];
    groups.set(one.account, known);
    if (!known.includes(one.address)) known.push(one.address);
  }
  return groups;
}

/** Somebody who throws it away counts for more than somebody who refuses it: the mail has arrived. */
function noneTaken(verdicts: readonly Judged[]): Received {
  const doubtful = verdicts.find((one) => one.kind === 'unavailable');
  if (doubtful !== undefined) return doubtful;
  if (verdicts.some(({ kind }) => kind === 'drop')) return { kind: 'dropped' };
  const refused = verdicts.find((one) => one.kind === 'refused');
  return refused ?? { kind: 'refused', reason: 'address', message: 'No recipient is named.' };
}

type KeepParts = ReceiveParts & { readonly since: number };

async function keepAll(
  delivery: Delivery,
  groups: ReadonlyMap<string, readonly string[]>,
  parts: KeepParts,
): Promise<Received> {
  const header = new HeaderTaker(LISTED_HEADER_BYTES);
  const kept = await storeRaw(passing(delivery.raw, header, parts.maxBytes), groups, parts);
  const results: Received[] = [];
  for (const one of kept) results.push(await makeDurable(one, { delivery, header }, parts));
  const failed = results.find(({ kind }) => kind !== 'kept');
  const [first] = results;
  if (failed !== undefined || first === undefined) return failed ?? NOT_NOW;
  const duplicate = results.every((one) => one.kind === 'kept' && one.duplicate);
  return first.kind === 'kept' ? { ...first, duplicate } : first;
}

async function* passing(
  raw: AsyncIterable<Uint8Array>,
  header: HeaderTaker,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of raw) {
    size += piece.length;
    if (size > maxBytes) throw new TooLarge('The mail is larger than INBOUND_MAX_BYTES');
    header.take(piece);
    yield piece;
  }
}

/** All of the objects or none. Under random keys: nobody knows what the bytes are before all of them have passed. */
async function storeRaw(
  raw: AsyncIterable<Uint8Array>,
  groups: ReadonlyMap<string, readonly string[]>,
  { objects, newId }: KeepParts,
): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  try {
    for (const [account, addresses] of groups) {
      const key = objectKey({ account, id: newId() });
      const [first] = kept;
      const meta =
        first === undefined
          ? await objects.put(key, raw, { contentType: 'message/rfc822' })
          : (await objects.copy(first.key, () => key))?.meta;
      if (meta === undefined) throw new StoreUnavailable('What was put a moment ago is gone');
      kept.push({ account, addresses, key, meta });
    }
    return kept;
  } catch (cause) {
    for (const { key } of kept) await objects.delete(key).catch(() => undefined);
    throw cause;
  }
}

async function makeDurable(
  { account, addresses, key, meta }: Kept,
  { delivery, header }: { readonly delivery: Delivery; readonly header: HeaderTaker },
  { room, objects, host, newId, wake, since }: KeepParts,
): Promise<Received> {
  const id = newId();
  const { source, envelopeFrom, peer, deliveryId } = delivery;
  const arrival: NewArrival = {
    id,
    source,
    envelopeFrom,
    envelopeTo: addresses,
    peer,
    rawKey: key,
    rawSize: meta.size,
    rawSha256: meta.sha256,
    deliveryId,
    head: await headOfBlock(header.bytes(), id),
    isHeadCut: header.isCut,
  };
  let found: Awaited<ReturnType<KeepParts['room']>>;
  let received: Awaited<ReturnType<Async<Mailroom>['receive']>>;
  try {
    found = await room(account);
    if (found === null) throw new Error('The account went away while its mail was stored');
    // The time of the row: a slow sender's mail must not appear behind those that a list was read up to.
    received = await found.receive({ arrival, since, now: host.now() });
  } catch (cause) {
    // Perhaps it was written and only the answer was lost: then a row names the object, and it must stay.
    host.log({ level: 'error', event: 'mail_not_written', account, cause: String(cause) });
    return NOT_NOW;
  }
  if (!received.ok) {
    await objects.delete(key).catch(() => undefined);
    return { kind: 'unavailable', refusal: received.refusal };
  }
  const { id: kept, duplicate, objects: spare } = received.value;
  await giveBack(spare, { account, room: found, objects, host });
  if (!duplicate) wake(account);
  const event = duplicate ? 'mail_received_again' : 'mail_received';
  host.log({ level: 'info', event, account, received: kept, source, bytes: meta.size });
  return { kind: 'kept', id: kept, duplicate };
}

/** The object of a repetition. What cannot be deleted now is found by the sweep. */
async function giveBack(
  keys: readonly string[],
  parts: Pick<KeepParts, 'objects' | 'host'> & {
    readonly account: string;
    readonly room: Pick<Async<Mailroom>, 'objectsDeleted'>;
  },
): Promise<void> {
  const { account, room, objects, host } = parts;
  try {
    for (const key of keys) await objects.delete(key);
    if (keys.length > 0) await room.objectsDeleted({ keys, now: host.now() });
  } catch (cause) {
    host.log({ level: 'warn', event: 'repetition_not_deleted', account, cause: String(cause) });
  }
}
