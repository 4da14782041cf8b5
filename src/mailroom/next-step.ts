import { retryDelay, unknownDelay } from './backoff.ts';
import { expiredBounce } from './bounce.ts';
import type { Outcome } from './records.ts';
import { simulatedStep } from './simulated.ts';
import { type Standpoint, type Step, stepEvent, still } from './step.ts';

export interface Policy {
  readonly unknownPolicy: 'once' | 'never';
  readonly maxAgeMs: number;
}

/** Another relay that may have the recipient next; `newRound` when the order begins again. */
export type Onward = { readonly newRound: boolean } | null;

/** The transitions of delivery.md §5 after a claim. Pure: time and chance come in as values. */
export function nextStep({
  outcome,
  from,
  onward,
  policy,
  now,
  random,
}: {
  readonly outcome: Outcome;
  readonly from: Standpoint;
  readonly onward: Onward;
  readonly policy: Policy;
  readonly now: number;
  readonly random: number;
}): Step {
  switch (outcome.kind) {
    case 'sent': {
      const event = stepEvent({ type: 'email.sent', phase: 'dot', smtp: outcome.smtp });
      return { ...still(from), state: 'sent', reason: null, smtp: outcome.smtp, events: [event] };
    }
    case 'failed': {
      const { phase, reason, smtp, bounce, suppress } = outcome;
      const type = bounce === null ? 'email.failed' : 'email.bounced';
      const events = [stepEvent({ type, phase, smtp, reason, bounce })];
      return { ...still(from), state: 'failed', bounced: bounce !== null, reason, smtp, suppress, events };
    }
    case 'deferred':
      return deferredStep({ outcome, from, onward, policy, now, random });
    case 'unknown':
      return unknownStep({ from, policy, now, random });
    case 'back': {
      const moves = outcome.elsewhere && onward !== null && from.before !== 'unknown';
      return {
        ...still(from),
        state: from.before,
        attempts: from.attempts - 1,
        // The pause concerns the relay that gave it back. One round over the others is free of it; not a second one,
        // or two relays that both refuse us would hand the mail to and fro.
        dueAt: moves && !onward.newRound ? now : now + outcome.retryInMs,
        onward: moves,
      };
    }
    case 'simulated':
      return { ...still(from), ...simulatedStep(outcome.simulation) };
  }
}

/** Transition 13 and 16: the dot may have left and no reply was read. */
export function unknownStep({
  from,
  policy,
  now,
  random,
}: {
  readonly from: Standpoint;
  readonly policy: Policy;
  readonly now: number;
  readonly random: number;
}): Step {
  const breaks = from.breaks + 1;
  if (policy.unknownPolicy === 'never' || from.breaks > 0) return unknownForGood({ from, breaks });
  return {
    ...still(from),
    state: 'unknown',
    dueAt: now + unknownDelay(random),
    breaks,
    maybeDuplicate: true,
    reason: 'outcome_unknown',
    events: [stepEvent({ type: 'email.delivery_delayed', phase: 'dot', reason: 'outcome_unknown' })],
  };
}

/** Transition 17, and the end of the schedule: whichever comes first. What may have arrived is not called bounced. */
export function expiredStep(from: Standpoint): Step {
  if (from.breaks > 0) return unknownForGood({ from, breaks: from.breaks });
  const bounce = expiredBounce(from.smtp);
  const events = [stepEvent({ type: 'email.bounced', smtp: from.smtp, reason: 'expired', bounce })];
  return { ...still(from), state: 'failed', bounced: true, reason: 'expired', smtp: from.smtp, events };
}

/** Transition 19 where the report came first: what became of it stands beside the state. */
export function provenStep(from: Standpoint): Step {
  const events = [stepEvent({ type: 'email.sent', reason: 'delivery_report' })];
  return { ...still(from), state: 'sent', reason: null, events };
}

/** An ending that the room itself decides before an attempt; what may have arrived stays unknown. */
export function endedStep({
  from,
  state,
  reason,
}: {
  readonly from: Standpoint;
  readonly state: 'suppressed' | 'failed';
  readonly reason: string;
}): Step {
  if (from.breaks > 0) return unknownForGood({ from, breaks: from.breaks });
  const type = state === 'suppressed' ? 'email.suppressed' : 'email.failed';
  return { ...still(from), state, reason, smtp: from.smtp, events: [stepEvent({ type, reason })] };
}

function deferredStep({
  outcome,
  from,
  onward,
  policy,
  now,
  random,
}: {
  readonly outcome: Extract<Outcome, { kind: 'deferred' }>;
  readonly from: Standpoint;
  readonly onward: Onward;
  readonly policy: Policy;
  readonly now: number;
  readonly random: number;
}): Step {
  const { smtp, phase, cause: reason } = outcome;
  const moves = outcome.elsewhere && onward !== null;
  // One round over the relays is one failure of the schedule: a relay that is down must not cost the mail its patience.
  const free = moves && !onward.newRound;
  const failures = from.failures + (free ? 0 : 1);
  const deadline = from.firstDueAt + policy.maxAgeMs;
  const delay = free ? 0 : retryDelay({ failures, greylisted: outcome.greylisted, random });
  const last = { ...from, failures, smtp: smtp ?? from.smtp };
  if (delay === null || now >= deadline) return expiredStep(last);
  const tell = smtp !== null && !from.delayed;
  return {
    ...still(last),
    state: 'deferred',
    // Due no later than its age is over: a sender hears of it then, not at some later attempt.
    dueAt: Math.min(now + delay, deadline),
    delayed: from.delayed || tell,
    reason,
    onward: moves,
    events: tell ? [stepEvent({ type: 'email.delivery_delayed', phase, smtp, reason })] : [],
  };
}

function unknownForGood({ from, breaks }: { readonly from: Standpoint; readonly breaks: number }): Step {
  const reason = 'outcome_unknown';
  const events = [stepEvent({ type: 'email.failed', phase: 'dot', smtp: from.smtp, reason })];
  return { ...still(from), state: 'unknown', breaks, reason, smtp: from.smtp, events };
}
