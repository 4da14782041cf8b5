import type { BounceDetail, EventType, Phase, SmtpReply } from '../../schemas/delivery.ts';
import type { Feedback, RecipientState } from './records.ts';

/** What the room knows of a recipient when a decision is due. */
export interface Standpoint {
  /** The state before the claim. */
  readonly before: 'queued' | 'deferred' | 'unknown';
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** Failures that used up a delay of the schedule. */
  readonly failures: number;
  /** Times a reply to the final dot was lost. */
  readonly breaks: number;
  /** The delay event was raised. */
  readonly delayed: boolean;
  readonly maybeDuplicate: boolean;
  /** Age counts from here. */
  readonly firstDueAt: number;
  readonly reason: string | null;
  readonly smtp: SmtpReply | null;
}

export interface StepEvent {
  readonly type: EventType;
  readonly phase: Phase | null;
  readonly smtp: SmtpReply | null;
  readonly reason: string | null;
  readonly bounce: BounceDetail | null;
}

/** What becomes of the recipient, complete: written as it stands. */
export interface Step {
  readonly state: RecipientState;
  /** When it is tried again; null when it is finished. */
  readonly dueAt: number | null;
  readonly attempts: number;
  readonly failures: number;
  readonly breaks: number;
  readonly delayed: boolean;
  readonly maybeDuplicate: boolean;
  readonly bounced: boolean;
  readonly reason: string | null;
  readonly smtp: SmtpReply | null;
  readonly feedback: Feedback | null;
  /** Another relay is to be tried. */
  readonly onward: boolean;
  /** The address goes on the suppression list. */
  readonly suppress: boolean;
  readonly events: readonly StepEvent[];
}

/** Nothing changed but what the caller adds: finished, quiet, its attempt counted. */
export function still(from: Standpoint): Omit<Step, 'state'> {
  const { attempts, failures, breaks, delayed, maybeDuplicate, reason, smtp } = from;
  const unchanged = { attempts, failures, breaks, delayed, maybeDuplicate, reason, smtp };
  return {
    ...unchanged,
    dueAt: null,
    bounced: false,
    feedback: null,
    onward: false,
    suppress: false,
    events: [],
  };
}

export function stepEvent(event: Partial<StepEvent> & Pick<StepEvent, 'type'>): StepEvent {
  return { phase: null, smtp: null, reason: null, bounce: null, ...event };
}
