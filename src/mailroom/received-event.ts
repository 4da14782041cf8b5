import { announce } from './announce.ts';
import { type FullMail, fullData, receivedData } from './received-data.ts';
import type { ReceivedAttachmentRecord, ReceivedHead } from './received-records.ts';
import { type ReceivedRow, routingAt } from './received-row.ts';
import type { Room } from './room.ts';

/**
 * The one event of a received mail, and the calls that follow: to those whom its routes name, or to all. Of a report about a
 * mail of ours all are told what it means, as `email.bounced` and the like: nobody who answers what comes in answers it
 * (delivery.md section 17), and a relay that reports every delivery does not double the calls.
 */
export function tellReceived(
  room: Room,
  {
    row,
    head,
    attachments,
    full,
    isReport = false,
    now,
  }: {
    readonly row: ReceivedRow;
    readonly head: ReceivedHead;
    readonly attachments: readonly ReceivedAttachmentRecord[];
    /** For webhooks that asked for the body. Null: they get what the others get. */
    readonly full: FullMail | null;
    /** About a mail of ours, which our token proves. */
    readonly isReport?: boolean;
    readonly now: number;
  },
): void {
  const eventId = room.newId();
  const type = 'email.received';
  room.sql.exec(
    'INSERT INTO events (id, type, created_at, attempt, maybe_duplicate, received) VALUES (?, ?, ?, 0, 0, ?)',
    eventId,
    type,
    now,
    row.seq,
  );
  const mail = { row, head, attachments };
  announce(room, {
    eventId,
    type,
    now,
    data: () => receivedData(mail),
    only: routingAt(row).webhooks ?? (isReport ? [] : null),
    ...(full === null ? {} : { full: () => fullData(mail, full) }),
  });
}
