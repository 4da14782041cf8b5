import { passDoor } from './door.ts';
import type { Admission, Mailroom } from './mailroom.ts';
import type { Room } from './room.ts';
import { uploads } from './uploads.ts';

/** The door, and what the request names that only the room knows: one call from far away instead of two. */
export function admit(room: Room, call: Parameters<Mailroom['admit']>[0]): Admission {
  return room.sql.transaction((): Admission => {
    const admission = passDoor(room, call);
    if (admission.kind !== 'admitted' || call.uploads === undefined) return admission;
    return { ...admission, uploads: uploads(room, call.uploads) };
  });
}
