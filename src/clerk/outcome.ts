import type { Phase, Verdict } from '../../schemas/delivery.ts';
import type { Claim, Outcome } from '../mailroom/records.ts';

/** What `settle` is told about one recipient. */
export interface Settled {
  readonly recipient: number;
  readonly outcome: Outcome;
}

type Recipients = Claim['recipients'];

/** Our own final refusal: no reply was made up for it, so there is no bounce. */
export function failAll(recipients: Recipients, reason: string): readonly Settled[] {
  return recipients.map(({ ordinal }) => ({
    recipient: ordinal,
    outcome: { kind: 'failed', phase: 'claimed', reason, smtp: null, bounce: null, suppress: false },
  }));
}

/** As before the claim, not counted: the fault is ours. */
export function backAll(
  recipients: Recipients,
  why: { readonly cause: string; readonly retryInMs: number },
): readonly Settled[] {
  return recipients.map(({ ordinal }) => ({
    recipient: ordinal,
    outcome: { kind: 'back', phase: 'claimed', elsewhere: false, ...why },
  }));
}

/** What a simulated address stands for (wire contract, section 14). An address that is none is left out: it is not ours to decide. */
export function simulateAll(recipients: Recipients): readonly Settled[] {
  return recipients.flatMap(({ ordinal, simulation }) =>
    simulation === null ? [] : [{ recipient: ordinal, outcome: { kind: 'simulated', simulation } as const }],
  );
}

/**
 * The submission did not return but threw, which no server can bring about: a mistake of ours. After the dot it is
 * unknown like any other break; before it, it is counted, so that a mistake ends some day.
 */
export function crashAll(recipients: Recipients, reachedDot: boolean): readonly Settled[] {
  const cause = 'internal error';
  return recipients.map(({ ordinal }) => ({
    recipient: ordinal,
    outcome: reachedDot
      ? { kind: 'unknown', cause }
      : { kind: 'deferred', phase: 'claimed', cause, smtp: null, greylisted: false, elsewhere: false },
  }));
}

/**
 * We broke the connection ourselves because the process stops (delivery.md section 15): due now and uncounted. What the
 * relay had already answered for a recipient stays as it is.
 */
export function asStopped(verdict: Verdict): Verdict {
  if (verdict.kind !== 'deferred' || verdict.smtp !== null) return verdict;
  return { kind: 'back', phase: verdict.phase, cause: 'stopping', retryInMs: 0, elsewhere: false };
}

export function phaseOf(verdict: Verdict): Phase {
  return verdict.kind === 'sent' || verdict.kind === 'unknown' ? 'dot' : verdict.phase;
}
