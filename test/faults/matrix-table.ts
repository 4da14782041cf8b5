import type { EventType } from '../../schemas/delivery.ts';
import type { RecipientState } from '../../src/mailroom/records.ts';
import type { Security } from '../../src/relay/relay.ts';
import { expected, FAULTS, type FaultName, hasStep, SECURITIES, STEPS } from '../relay/fault-table.ts';
import type { Step } from '../support/smtp-script.ts';

/** One mail and one fault at its first attempt. `refuse` at `connect`: nobody listens. */
export interface Cell {
  readonly security: Security;
  readonly step: Step;
  readonly fault: FaultName | 'refuse';
}

/** What the service says of the mail. */
export interface Fate {
  readonly state: RecipientState;
  readonly attempts: number;
  readonly events: readonly EventType[];
  readonly maybeDuplicate: boolean;
}

/** The fates of one cell: after the fault, and when the relay has been well for a while. */
export interface Fates {
  readonly first: Fate;
  readonly last: Fate;
  /** Messages that the relay has answered by 2xx at the end. */
  readonly copies: number;
}

export function nameOf({ security, step, fault }: Cell): string {
  return `${security} ${step} ${fault}`;
}

export function allCells(): readonly Cell[] {
  return SECURITIES.flatMap((security): readonly Cell[] => [
    { security, step: 'connect', fault: 'refuse' },
    ...STEPS.filter((step) => hasStep(security, step)).flatMap((step) =>
      (Object.keys(FAULTS) as FaultName[]).map((fault) => ({ security, step, fault })),
    ),
  ]);
}

/** Delivery.md sections 5 and 7: transitions 7, 8, 10 to 14 and 18, with `UNKNOWN_RETRY=once`. */
export function fatesOf({ step, fault }: Cell, host: 'node' | 'workers'): Fates {
  // On Workers no reason of a failed handshake reaches us (section 6): it looks temporary until five of them.
  const isOpaque = fault === 'refuse' || (step === 'tls' && host === 'workers');
  const [verdict = ''] = (isOpaque ? 'deferred' : expected(step, fault)).split(/[ ,]/);
  const first: Fate = { ...OF_VERDICT[verdict], maybeDuplicate: verdict === 'unknown' } as Fate;
  const isTold = !isOpaque && verdict === 'deferred' && (fault === '4yz' || fault === '421');
  const events: readonly EventType[] = isTold
    ? ['email.queued', 'email.delivery_delayed']
    : (first.events ?? []);
  const afterFault = { ...first, events };
  if (verdict === 'failed') return { first: afterFault, last: afterFault, copies: 0 };
  return {
    first: afterFault,
    last: {
      ...afterFault,
      state: 'sent',
      attempts: first.attempts + 1,
      events: [...events, 'email.sent'],
    },
    copies: 1,
  };
}

const OF_VERDICT: Readonly<Record<string, Omit<Fate, 'maybeDuplicate'>>> = {
  deferred: { state: 'deferred', attempts: 1, events: ['email.queued'] },
  back: { state: 'queued', attempts: 0, events: ['email.queued'] },
  failed: { state: 'failed', attempts: 1, events: ['email.queued', 'email.bounced'] },
  unknown: { state: 'unknown', attempts: 1, events: ['email.queued', 'email.delivery_delayed'] },
};
