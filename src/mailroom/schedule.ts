import { applyStep } from './apply.ts';
import { emailAt, type StoredEmail } from './emails.ts';
import type { EventMail } from './event-mail.ts';
import { writeEvent } from './events.ts';
import { bindingOf, laneOf, SIMULATED } from './lane.ts';
import type { Result } from './mailroom.ts';
import { isFinished, type RecipientRow, standpointOf } from './recipient-row.ts';
import { notFound, refused } from './refusals.ts';
import type { Room } from './room.ts';
import { stepEvent, still } from './step.ts';

type Ref = { readonly id: string };

/** Moves a scheduled mail. Before the first claim only: then the `Date` header is fixed, and the mail may be on its way. */
export function reschedule(
  room: Room,
  { id, scheduledAt, now }: Ref & { readonly scheduledAt: number; readonly now: number },
): Result<Ref> {
  return room.sql.transaction((): Result<Ref> => {
    const found = unclaimed(room, { id, deed: 'rescheduled' });
    if (!found.ok) return found;
    const dueAt = Math.max(scheduledAt, now);
    const { seq } = found.value;
    room.sql.exec('UPDATE emails SET scheduled_at = ?, date = ? WHERE seq = ?', scheduledAt, dueAt, seq);
    room.sql.exec(
      'UPDATE recipients SET due_at = ?, first_due_at = ? WHERE email = ? AND due_at IS NOT NULL',
      dueAt,
      dueAt,
      seq,
    );
    return { ok: true, value: { id } };
  });
}

/** Transition 3. */
export function cancel(room: Room, { id, now }: Ref & { readonly now: number }): Result<Ref> {
  return room.sql.transaction((): Result<Ref> => {
    const found = unclaimed(room, { id, deed: 'canceled' });
    if (!found.ok) return found;
    for (const row of found.value.recipients.filter((recipient) => !isFinished(recipient))) {
      const events = [stepEvent({ type: 'email.canceled' })];
      const step = { ...still(standpointOf(row)), state: 'canceled', events } as const;
      applyStep(room, { subject: { row, mail: eventMailOf(found.value) }, step, pinned: false, now });
    }
    return { ok: true, value: { id } };
  });
}

/** Sends the failed and the unknown recipients again, with a fresh schedule. Whoever asks accepts a possible duplicate. */
export function retry(room: Room, { id, now }: Ref & { readonly now: number }): Result<Ref> {
  return room.sql.transaction((): Result<Ref> => {
    const found = find(room, id);
    if (found === null) return notFound('Email');
    const again = found.recipients.filter(
      (row) => isFinished(row) && (row.state === 'failed' || row.state === 'unknown'),
    );
    if (again.length === 0) {
      const message = 'This email has no failed or unknown recipients that could be sent to again.';
      return refused({ code: 'validation_error', message, field: 'id' });
    }
    for (const row of again) requeue(room, { row, mail: eventMailOf(found), now });
    return { ok: true, value: { id } };
  });
}

function requeue(
  room: Room,
  { row, mail, now }: { readonly row: RecipientRow; readonly mail: EventMail; readonly now: number },
): void {
  const { secure } = bindingOf(row.lane);
  const relay = row.simulation === null ? '' : SIMULATED;
  const maybeDuplicate = row.maybe_duplicate === 1 || row.breaks > 0;
  room.sql.exec(
    `UPDATE recipients SET state = 'queued', lane = ?, due_at = ?, first_due_at = ?, failures = 0, bounced = 0,
       feedback = NULL, maybe_duplicate = ?, reason = NULL WHERE email = ? AND ordinal = ?`,
    laneOf({ relay, pinned: false, secure }),
    now,
    now,
    maybeDuplicate ? 1 : 0,
    row.email,
    row.ordinal,
  );
  const about = {
    mail,
    recipient: row.address,
    attempt: row.attempts,
    relay: null,
    maybeDuplicate,
  };
  writeEvent(room, { about, event: stepEvent({ type: 'email.queued' }), nextAttemptAt: now, now });
}

function eventMailOf({ seq, record }: StoredEmail): EventMail {
  return { ...record, seq };
}

/** A scheduled mail nobody has claimed yet, or why it cannot be had. */
function unclaimed(
  room: Room,
  { id, deed }: { readonly id: string; readonly deed: 'rescheduled' | 'canceled' },
): Result<StoredEmail> {
  const found = find(room, id);
  if (found === null) return notFound('Email');
  const { record, recipients } = found;
  const waiting = recipients.filter((row) => !isFinished(row));
  const refusedFor = (message: string): Result<StoredEmail> =>
    refused({ code: 'validation_error', message, field: 'id' });
  if (record.scheduledAt === null) return refusedFor(`Only a scheduled email can be ${deed}.`);
  if (recipients.some(({ claims }) => claims > 0)) {
    return refusedFor(`This email has been dispatched already and can no longer be ${deed}.`);
  }
  if (waiting.length === 0)
    return refusedFor(`This email is ${record.lastEvent} and can no longer be ${deed}.`);
  return { ok: true, value: found };
}

export function find({ sql }: Room, id: string): StoredEmail | null {
  const [row] = sql.exec<{ seq: number }>('SELECT seq FROM emails WHERE id = ?', id);
  return row === undefined ? null : emailAt({ sql, seq: row.seq });
}
