import type { Phase, Simulation, SmtpReply } from '../../schemas/delivery.ts';
import type { Standing } from './last-event.ts';
import type { Feedback, RecipientRecord, RecipientState } from './records.ts';
import type { Standpoint } from './step.ts';

export type RecipientRow = {
  email: number;
  ordinal: number;
  address: string;
  simulation: Simulation | null;
  state: RecipientState;
  before: Standpoint['before'] | null;
  feedback: Feedback | null;
  lane: string;
  due_at: number | null;
  first_due_at: number;
  lease_until: number | null;
  attempt_id: string | null;
  phase: Phase | null;
  relay: string | null;
  attempts: number;
  failures: number;
  claims: number;
  breaks: number;
  delayed: number;
  bounced: number;
  maybe_duplicate: number;
  reason: string | null;
  smtp: string | null;
};

/** Where a waiting or held recipient stands, for the pure decisions. */
export function standpointOf(row: RecipientRow): Standpoint {
  return {
    before: row.before ?? waitingState(row.state),
    attempts: row.attempts,
    failures: row.failures,
    breaks: row.breaks,
    delayed: row.delayed === 1,
    maybeDuplicate: row.maybe_duplicate === 1,
    firstDueAt: row.first_due_at,
    reason: row.reason,
    smtp: smtpOf(row.smtp),
  };
}

/** The state in which a recipient waits; anything else here would be a bug of ours. */
export function waitingState(state: RecipientState): Standpoint['before'] {
  if (state === 'queued' || state === 'deferred' || state === 'unknown') return state;
  throw new Error(`A recipient that is ${state} does not wait`);
}

export function isFinished(row: Pick<RecipientRow, 'due_at' | 'lease_until'>): boolean {
  return row.due_at === null && row.lease_until === null;
}

/** The columns that the one word for a mail is made from. */
export type StandingRow = Pick<
  RecipientRow,
  'state' | 'before' | 'bounced' | 'feedback' | 'due_at' | 'lease_until' | 'claims'
>;

export function standingOf(row: StandingRow): Standing {
  return {
    state: row.before ?? row.state,
    finished: isFinished(row),
    bounced: row.bounced === 1,
    feedback: row.feedback,
    claimedBefore: row.claims > (row.lease_until === null ? 0 : 1),
  };
}

export function recipientRecord(row: RecipientRow): RecipientRecord {
  return {
    ordinal: row.ordinal,
    address: row.address,
    state: row.state,
    feedback: row.feedback,
    dueAt: row.due_at,
    attempts: row.attempts,
    relay: row.relay,
    reason: row.reason,
    smtp: smtpOf(row.smtp),
    maybeDuplicate: row.maybe_duplicate === 1,
  };
}

export function smtpOf(text: string | null): SmtpReply | null {
  if (text === null) return null;
  const reply: SmtpReply = JSON.parse(text);
  return reply;
}
