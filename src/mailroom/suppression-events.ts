import type { AccountEventType } from '../../schemas/delivery.ts';
import { announce } from './announce.ts';
import type { SuppressionRecord } from './records.ts';
import type { Room } from './room.ts';

/** An address came onto the list or left it: an event of the account, and of no mail, which may be gone already. */
export function writeSuppressionEvent(
  room: Room,
  {
    type,
    entry,
    now,
  }: {
    readonly type: Extract<AccountEventType, `suppression.${string}`>;
    readonly entry: SuppressionRecord;
    readonly now: number;
  },
): void {
  const eventId = room.newId();
  room.sql.exec(
    `INSERT INTO events (id, type, created_at, recipient, attempt, maybe_duplicate) VALUES (?, ?, ?, ?, 0, 0)`,
    eventId,
    type,
    now,
    entry.address,
  );
  announce(room, { eventId, type, now, data: () => suppressionData(entry) });
}

function suppressionData(entry: SuppressionRecord): Readonly<Record<string, unknown>> {
  return {
    id: entry.id,
    email: entry.address,
    origin: entry.origin,
    source_id: entry.sourceId,
    created_at: new Date(entry.createdAt).toISOString(),
  };
}
