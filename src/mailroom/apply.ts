import type { EventMail } from './event-mail.ts';
import { writeEvent } from './events.ts';
import { bindingOf, laneOf, nextRelay } from './lane.ts';
import type { RecipientRow } from './recipient-row.ts';
import type { Room } from './room.ts';
import type { Step } from './step.ts';
import { addLasting } from './suppressions.ts';

/** The recipient a step is about, and the mail it belongs to. */
export interface Subject {
  readonly row: RecipientRow;
  readonly mail: EventMail;
}

/**
 * Writes what `nextStep` decided: the row, its events, the suppression. Every way out of a lease goes through here, so a
 * recipient always leaves with its attempt cleared.
 *
 * @param pinned whether the final dot may have left on the relay of this attempt.
 */
export function applyStep(
  room: Room,
  {
    subject: { row, mail },
    step,
    pinned,
    now,
  }: { readonly subject: Subject; readonly step: Step; readonly pinned: boolean; readonly now: number },
): void {
  room.sql.exec(
    `UPDATE recipients SET state = ?, before = NULL, feedback = COALESCE(?, feedback), lane = ?, due_at = ?,
       lease_until = NULL, attempt_id = NULL, phase = NULL, attempts = ?, failures = ?, breaks = ?, delayed = ?, bounced = ?,
       maybe_duplicate = ?, reason = ?, smtp = ?
     WHERE email = ? AND ordinal = ?`,
    step.state,
    step.feedback,
    laneAfter(room, { row, step, pinned }),
    step.dueAt,
    step.attempts,
    step.failures,
    step.breaks,
    step.delayed ? 1 : 0,
    step.bounced ? 1 : 0,
    step.maybeDuplicate ? 1 : 0,
    step.reason,
    step.smtp === null ? null : JSON.stringify(step.smtp),
    row.email,
    row.ordinal,
  );
  const about = {
    mail,
    recipient: row.address,
    attempt: step.attempts,
    relay: row.relay,
    maybeDuplicate: step.maybeDuplicate,
  };
  for (const event of step.events) writeEvent(room, { about, event, nextAttemptAt: step.dueAt, now });
  if (step.suppress) suppressBounced(room, { address: row.address, emailId: mail.id, now });
}

/** Which relay may have the recipient next time. A pin is never lost here: only a retry by hand removes it. */
function laneAfter(
  { config }: Room,
  { row, step, pinned }: { readonly row: RecipientRow; readonly step: Step; readonly pinned: boolean },
): string {
  if (step.dueAt === null || row.relay === null) return row.lane;
  const binding = bindingOf(row.lane);
  if (pinned) return laneOf({ ...binding, relay: row.relay, pinned: true });
  if (!step.onward) return row.lane;
  const next = nextRelay({ after: row.relay, secure: binding.secure, relays: config });
  return laneOf({ ...binding, relay: next?.relay ?? '' });
}

function suppressBounced(
  room: Room,
  { address, emailId, now }: { readonly address: string; readonly emailId: string; readonly now: number },
): void {
  const entry = {
    id: room.newId(),
    address,
    note: null,
    origin: 'bounce',
    sourceId: emailId,
  } as const;
  addLasting(room, { entry, now });
}
