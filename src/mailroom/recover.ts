import { applyStep } from './apply.ts';
import { freeArrivals } from './arrivals.ts';
import { freeDeliveries } from './deliveries.ts';
import { waitingLanes } from './due.ts';
import { eventMailAt } from './emails.ts';
import { bindingOf, laneOf, SIMULATED } from './lane.ts';
import type { Mailroom } from './mailroom.ts';
import { expiredStep } from './next-step.ts';
import { type RecipientRow, standpointOf } from './recipient-row.ts';
import type { Room } from './room.ts';
import { settleOne } from './settle.ts';
import { still } from './step.ts';

/** Rows that one call expires at most, so that a relay which was held for days does not end in one long transaction. */
const EXPIRE_AT_ONCE = 1000;

/**
 * Decides for whoever can no longer do it: leases that are over (transitions 15 and 16, those of webhook calls and of readers), mail
 * beyond its age (17), and mail that waits for a relay which is no longer configured.
 */
export function recover(
  room: Room,
  { now, all, allReadings = all }: Parameters<Mailroom['recover']>[0],
): number {
  return room.sql.transaction(() => {
    const ended = room.sql.exec<RecipientRow>(
      'SELECT * FROM recipients WHERE lease_until IS NOT NULL AND lease_until <= ? ORDER BY lease_until',
      all ? Number.MAX_SAFE_INTEGER : now,
    );
    for (const row of ended) endLease(room, { row, now });
    const freed = freeDeliveries(room, { now, all }) + freeArrivals(room, { now, all: allReadings });
    return ended.length + expire(room, now) + adopt(room, now) + freed;
  });
}

function endLease(room: Room, { row, now }: { readonly row: RecipientRow; readonly now: number }): void {
  const subject = { row, mail: eventMailAt({ sql: room.sql, seq: row.email }) };
  if (row.phase === 'dot') {
    settleOne(room, { subject, outcome: { kind: 'unknown', cause: 'lease_over' }, now });
    return;
  }
  // Nothing had left, so there is no reason to wait. The attempt counts; the schedule does not: a house that is restarted
  // a dozen times must not use up the patience of the mail it was holding.
  const step = { ...still(standpointOf(row)), state: 'deferred', dueAt: now, reason: 'lease_over' } as const;
  applyStep(room, { subject, step, pinned: false, now });
}

/** Here as well as at the claim, because nothing is claimed for a relay that is held, and age still counts there. */
function expire(room: Room, now: number): number {
  const old = room.sql.exec<RecipientRow>(
    `SELECT * FROM recipients WHERE due_at IS NOT NULL AND first_due_at <= ? ORDER BY first_due_at LIMIT ?`,
    now - room.config.maxAgeMs,
    EXPIRE_AT_ONCE,
  );
  for (const row of old) {
    const subject = { row, mail: eventMailAt({ sql: room.sql, seq: row.email }) };
    applyStep(room, { subject, step: expiredStep(standpointOf(row)), pinned: false, now });
  }
  return old.length;
}

/**
 * A relay that was taken out of the configuration would keep its mail for ever. What waits for it goes to any other;
 * where its answer to the dot was lost the recipient ends as unknown, since no other relay may have it.
 */
function adopt(room: Room, now: number): number {
  const gone = waitingLanes(room).filter((lane) => {
    const { relay } = bindingOf(lane);
    return relay !== '' && relay !== SIMULATED && !room.config.relays.includes(relay);
  });
  let adopted = 0;
  for (const lane of gone) {
    const rows = room.sql.exec<RecipientRow>(
      'SELECT * FROM recipients WHERE lane = ? AND due_at IS NOT NULL',
      lane,
    );
    for (const row of rows) adoptOne(room, { row, now });
    adopted += rows.length;
  }
  return adopted;
}

function adoptOne(room: Room, { row, now }: { readonly row: RecipientRow; readonly now: number }): void {
  if (row.state === 'unknown') {
    const subject = { row, mail: eventMailAt({ sql: room.sql, seq: row.email }) };
    applyStep(room, { subject, step: expiredStep(standpointOf(row)), pinned: false, now });
    return;
  }
  const lane = laneOf({ ...bindingOf(row.lane), relay: '', pinned: false });
  room.sql.exec(
    'UPDATE recipients SET lane = ? WHERE email = ? AND ordinal = ?',
    lane,
    row.email,
    row.ordinal,
  );
}
