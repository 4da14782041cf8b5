import { StoreUnavailable } from '../objects/store.ts';
import type { Context } from './context.ts';

/** The mail is gone whatever becomes of its objects: those that cannot be deleted now, the sweep deletes. */
export async function deleteObjects(
  keys: readonly string[],
  room: Context['room'],
  { objects, clock }: Context['parts'],
): Promise<void> {
  const deleted: string[] = [];
  try {
    for (const key of keys) {
      await objects.delete(key);
      deleted.push(key);
    }
  } catch (cause) {
    if (!(cause instanceof StoreUnavailable)) throw cause;
  }
  if (deleted.length > 0) await room.objectsDeleted({ keys: deleted, now: clock() });
}
