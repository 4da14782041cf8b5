import type { Room } from './room.ts';
import { addLasting } from './suppressions.ts';

/** RFC 8058: whoever has the link of a mail wants no more of this account. Repeated, it changes nothing. */
export function unsubscribe(
  room: Room,
  { id, address, now }: { readonly id: string; readonly address: string; readonly now: number },
): void {
  const entry = {
    id,
    address,
    note: 'One-click unsubscribe',
    origin: 'manual',
    sourceId: null,
  } as const;
  room.sql.transaction(() => {
    addLasting(room, { entry, now });
  });
}
