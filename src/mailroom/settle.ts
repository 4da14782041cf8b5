import { applyStep, type Subject } from './apply.ts';
import { heldBy } from './claim.ts';
import { eventMailAt } from './emails.ts';
import { bindingOf, nextRelay } from './lane.ts';
import type { SettleCall } from './mailroom.ts';
import { nextStep, type Onward, provenStep } from './next-step.ts';
import { type RecipientRow, standpointOf } from './recipient-row.ts';
import type { Outcome } from './records.ts';
import type { Room } from './room.ts';

/**
 * Writes what an attempt came to. Only the attempt that holds a recipient may: after its lease somebody else has decided,
 * and two opinions about one recipient are worse than one honest `unknown`.
 */
export function settle(room: Room, { attemptId, now, outcomes }: SettleCall): 'settled' | 'stale' {
  return room.sql.transaction((): 'settled' | 'stale' => {
    const held = heldBy(room, attemptId);
    const [first] = held;
    if (first === undefined) return 'stale';
    const mail = eventMailAt({ sql: room.sql, seq: first.email });
    let settled = false;
    for (const { recipient, outcome } of outcomes) {
      const row = held.find(({ ordinal }) => ordinal === recipient);
      if (row === undefined) continue;
      settleOne(room, { subject: { row, mail }, outcome, now });
      settled = true;
    }
    return settled ? 'settled' : 'stale';
  });
}

/** One recipient's outcome; recovery uses it for what it can only infer. */
export function settleOne(
  room: Room,
  { subject, outcome, now }: { readonly subject: Subject; readonly outcome: Outcome; readonly now: number },
): void {
  const { config } = room;
  const from = standpointOf(subject.row);
  // A report can be here before the reply to the dot. It proves what a lost reply would leave open (transition 19).
  const isProven = outcome.kind === 'unknown' && subject.row.feedback !== null;
  if (isProven) {
    applyStep(room, { subject, step: provenStep(from), pinned: true, now });
    return;
  }
  const step = nextStep({
    outcome,
    from,
    onward: onwardFrom(room, subject.row),
    policy: config,
    now,
    random: room.random(),
  });
  applyStep(room, { subject, step, pinned: reachedDot(outcome), now });
}

/** After the dot no other relay may have the recipient: even a reply that was read could have been a mistake of theirs. */
function reachedDot(outcome: Outcome): boolean {
  return outcome.kind === 'unknown' || (outcome.kind === 'deferred' && outcome.phase === 'dot');
}

function onwardFrom({ config }: Room, row: RecipientRow): Onward {
  const { pinned, secure } = bindingOf(row.lane);
  return pinned || row.relay === null ? null : nextRelay({ after: row.relay, secure, relays: config });
}
