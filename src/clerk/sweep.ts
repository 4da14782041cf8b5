import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { ObjectStore } from '../objects/store.ts';
import type { Host } from './host.ts';

/** Mails removed in one transaction: a sweep must not hold the room up for those who send. */
const REMOVED_AT_ONCE = 200;

/** Times one sweep goes on before it leaves the rest to the next: an account that was neglected for years is no reason to starve the others. */
const ROUNDS = 500;

/**
 * Removes what is past its retention, then the objects that nothing names any more. The rows go first: an object without a
 * row is swept another day, a row without its object would be a mail that fails.
 */
export async function sweep(parts: {
  readonly account: string;
  readonly room: Pick<Async<Mailroom>, 'sweep'>;
  readonly objects: ObjectStore;
  readonly host: Pick<Host, 'now' | 'log'>;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { room, objects, host, account } = parts;
  let removed = 0;
  for (let round = 0; round < ROUNDS && !parts.signal.aborted; round++) {
    const swept = await room.sweep({ now: host.now(), limit: REMOVED_AT_ONCE });
    for (const key of swept.objects) await objects.delete(key);
    removed += swept.removed;
    if (swept.removed === 0 && swept.objects.length === 0) break;
  }
  if (removed > 0) host.log({ level: 'info', event: 'swept', account, removed });
}
