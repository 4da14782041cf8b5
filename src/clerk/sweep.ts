import type { Host } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { ObjectStore } from '../objects/store.ts';

/** Mails removed in one transaction: a sweep must not hold the room up for those who send. */
const REMOVED_AT_ONCE = 200;

/** Times one sweep goes on before it leaves the rest to the next: an account that was neglected for years is no reason to starve the others. */
const ROUNDS = 500;

/** The room takes a deletion that is not confirmed for one that may still be under way for 15 minutes. */
const DELETING_MS = 10 * 60_000;

const DAY_MS = 24 * 60 * 60_000;
/** Keys that the room is asked about at once. */
const ASKED_AT_ONCE = 500;

export interface SweepParts {
  readonly account: string;
  readonly room: Pick<Async<Mailroom>, 'sweep' | 'strayObjects' | 'objectsDeleted'>;
  readonly objects: ObjectStore;
  readonly host: Pick<Host, 'now' | 'log'>;
  readonly signal: AbortSignal;
  /** When this account was swept before, in milliseconds since 1970 UTC; 0 when nobody knows. */
  readonly sweptAt: number;
}

/**
 * Removes what is past its retention, then the objects that nothing names any more. The rows go first: an object without a
 * row is swept another day, a row without its object would be a mail that fails. Once a day, what a crash has left behind.
 */
export async function sweep(parts: SweepParts): Promise<void> {
  const { room, host, account, signal, sweptAt } = parts;
  const since = host.now();
  let removed = 0;
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    const swept = await room.sweep({ now: host.now(), limit: REMOVED_AT_ONCE });
    await deleteObjects(swept.objects, parts);
    removed += swept.removed;
    if (swept.removed === 0 && swept.objects.length === 0) break;
  }
  const strays = Math.floor(sweptAt / DAY_MS) === Math.floor(since / DAY_MS) ? 0 : await sweepStrays(parts);
  if (removed + strays > 0) host.log({ level: 'info', event: 'swept', account, removed, strays });
}

/** What was stored and never named: the process ended in between, or the request was refused. Answers how many. */
async function sweepStrays(parts: SweepParts): Promise<number> {
  const { room, objects, host, account, signal } = parts;
  let found = 0;
  let keys: string[] = [];
  const ask = async (): Promise<void> => {
    const strays = await room.strayObjects({ keys, now: host.now() });
    keys = [];
    found += strays.length;
    await deleteObjects(strays, parts);
  };
  for await (const { key, putAt } of objects.list(`t/${account}/`)) {
    if (signal.aborted) return found;
    // A request may be about to name what is younger (delivery.md section 4).
    if (putAt + DAY_MS > host.now()) continue;
    keys.push(key);
    if (keys.length === ASKED_AT_ONCE) await ask();
  }
  if (keys.length > 0) await ask();
  return found;
}

/** What is not deleted in time, or not confirmed, is answered again by a later sweep. */
async function deleteObjects(
  keys: readonly string[],
  { room, objects, host, signal }: SweepParts,
): Promise<void> {
  const until = host.now() + DELETING_MS;
  const deleted: string[] = [];
  try {
    for (const key of keys) {
      if (signal.aborted || host.now() > until) break;
      await objects.delete(key);
      deleted.push(key);
    }
  } finally {
    if (deleted.length > 0) await room.objectsDeleted({ keys: deleted, now: host.now() });
  }
}
