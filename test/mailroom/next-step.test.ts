import { describe, expect, test } from 'vitest';
import { nextStep, type Onward, type Policy } from '../../src/mailroom/next-step.ts';
import type { Outcome } from '../../src/mailroom/records.ts';
import type { Standpoint, Step } from '../../src/mailroom/step.ts';
import {
  back,
  bounced,
  deferred,
  HOUR,
  LOST,
  MINUTE,
  ownFailure,
  reply,
  SECOND,
  SENT,
  START,
} from '../contracts/mailroom/house.ts';

const FROM: Standpoint = {
  before: 'queued',
  attempts: 1,
  failures: 0,
  breaks: 0,
  delayed: false,
  maybeDuplicate: false,
  firstDueAt: START,
  reason: null,
  smtp: null,
};
const POLICY: Policy = { unknownPolicy: 'once', maxAgeMs: 48 * HOUR };

interface Change {
  readonly from?: Partial<Standpoint>;
  readonly policy?: Partial<Policy>;
  readonly onward?: Onward;
  readonly now?: number;
  readonly random?: number;
}

function step(
  outcome: Outcome,
  { from, policy, onward = null, now = START, random = 0.5 }: Change = {},
): Step {
  return nextStep({
    outcome,
    from: { ...FROM, ...from },
    onward,
    policy: { ...POLICY, ...policy },
    now,
    random,
  });
}

const GREYLISTED = deferred('451 4.7.1 greylisted', { greylisted: true });
const ELSEWHERE = deferred(null, { elsewhere: true });

interface Row {
  readonly rule: string;
  readonly outcome: Outcome;
  readonly change?: Change;
  /** State, milliseconds until due or null, events. */
  readonly expected: readonly [Step['state'], number | null, readonly string[]];
}

const TABLE: readonly Row[] = [
  { rule: '2xx to the dot is sent', outcome: SENT, expected: ['sent', null, ['sent']] },
  {
    rule: 'a refusal with a bounce is bounced',
    outcome: bounced('550 5.1.1 no'),
    expected: ['failed', null, ['bounced']],
  },
  {
    rule: 'a reason of ours is failed',
    outcome: ownFailure('too_large'),
    expected: ['failed', null, ['failed']],
  },
  {
    rule: 'the first 4xx waits 30 s and tells of the delay',
    outcome: deferred('450 4.2.0 later'),
    expected: ['deferred', 30 * SECOND, ['delivery_delayed']],
  },
  {
    rule: 'a later 4xx tells nothing more',
    outcome: deferred('450 4.2.0 later'),
    change: { from: { failures: 1, delayed: true } },
    expected: ['deferred', 2 * MINUTE, []],
  },
  {
    rule: 'a break without a reply tells nothing',
    outcome: deferred(null),
    expected: ['deferred', 30 * SECOND, []],
  },
  {
    rule: 'the eleventh failure waits 20 h',
    outcome: deferred(null),
    change: { from: { failures: 10 } },
    expected: ['deferred', 20 * HOUR, []],
  },
  {
    rule: 'the twelfth failure is the last',
    outcome: deferred(null),
    change: { from: { failures: 11 } },
    expected: ['failed', null, ['bounced']],
  },
  {
    rule: 'greylisting waits 5 to 10 min: low dice',
    outcome: GREYLISTED,
    change: { random: 0 },
    expected: ['deferred', 5 * MINUTE, ['delivery_delayed']],
  },
  {
    rule: 'greylisting waits 5 to 10 min: middle dice',
    outcome: GREYLISTED,
    expected: ['deferred', 7.5 * MINUTE, ['delivery_delayed']],
  },
  {
    rule: 'greylisting does not shorten a longer delay',
    outcome: GREYLISTED,
    change: { from: { failures: 4 } },
    expected: ['deferred', 30 * MINUTE, ['delivery_delayed']],
  },
  {
    rule: 'jitter: low dice take off a fifth',
    outcome: deferred(null),
    change: { random: 0 },
    expected: ['deferred', 24 * SECOND, []],
  },
  {
    rule: 'the age cuts a delay short',
    outcome: deferred(null),
    change: { from: { failures: 8 }, now: START + 47 * HOUR },
    expected: ['deferred', HOUR, []],
  },
  {
    rule: 'at its maximum age a deferral expires',
    outcome: deferred(null),
    change: { now: START + 48 * HOUR },
    expected: ['failed', null, ['bounced']],
  },
  {
    rule: 'a later relay in order is tried at once',
    outcome: ELSEWHERE,
    change: { onward: { newRound: false } },
    expected: ['deferred', 0, []],
  },
  {
    rule: 'a new round over the relays follows the schedule',
    outcome: ELSEWHERE,
    change: { onward: { newRound: true }, from: { failures: 2 } },
    expected: ['deferred', 5 * MINUTE, []],
  },
  {
    rule: 'without another relay `elsewhere` means nothing',
    outcome: ELSEWHERE,
    expected: ['deferred', 30 * SECOND, []],
  },
  {
    rule: 'back is as before, after the pause',
    outcome: back(),
    change: { from: { before: 'deferred' } },
    expected: ['deferred', 10 * MINUTE, []],
  },
  {
    rule: 'back with a later relay is due there now',
    outcome: back({ elsewhere: true }),
    change: { onward: { newRound: false } },
    expected: ['queued', 0, []],
  },
  {
    rule: 'back after a whole round waits',
    outcome: back({ elsewhere: true }),
    change: { onward: { newRound: true } },
    expected: ['queued', 10 * MINUTE, []],
  },
  {
    rule: 'back never sends an unknown to another relay',
    outcome: back({ elsewhere: true }),
    change: { from: { before: 'unknown', breaks: 1 }, onward: { newRound: false } },
    expected: ['unknown', 10 * MINUTE, []],
  },
  {
    rule: 'a first break waits 15 min and more: low dice',
    outcome: LOST,
    change: { random: 0 },
    expected: ['unknown', 15 * MINUTE, ['delivery_delayed']],
  },
  {
    rule: 'a second break is final',
    outcome: LOST,
    change: { from: { before: 'unknown', breaks: 1 } },
    expected: ['unknown', null, ['failed']],
  },
  {
    rule: 'under `never` the first break is final',
    outcome: LOST,
    change: { policy: { unknownPolicy: 'never' } },
    expected: ['unknown', null, ['failed']],
  },
  {
    rule: 'what may have arrived does not expire as a bounce',
    outcome: deferred(null),
    change: { from: { breaks: 1 }, now: START + 48 * HOUR },
    expected: ['unknown', null, ['failed']],
  },
];

describe('the next step', () => {
  test.each(TABLE)('$rule', ({ outcome, change = {}, expected }) => {
    const { state, dueAt, events } = step(outcome, change);
    const wait = dueAt === null ? null : dueAt - (change.now ?? START);
    expect([state, wait, events.map(({ type }) => type.replace('email.', ''))]).toEqual(expected);
  });

  test('every delay lies between 0.8 and 1.2 times the listed one, and the dice are stored with it', () => {
    const waits = [0, 0.25, 0.5, 0.999].map((random) => step(deferred(null), { random }).dueAt);
    expect(waits.map((dueAt) => (dueAt ?? 0) - START)).toEqual([24_000, 27_000, 30_000, 35_988]);
  });

  test('an attempt that was given back is not counted, one that failed is', () => {
    const from = { attempts: 3, failures: 2 };
    expect(step(back(), { from })).toMatchObject({ attempts: 2, failures: 2 });
    expect(step(deferred(null), { from })).toMatchObject({ attempts: 3, failures: 3 });
    expect(step(ELSEWHERE, { from, onward: { newRound: false } })).toMatchObject({
      attempts: 3,
      failures: 2,
    });
  });

  test('success clears the reason and keeps the mark of a possible duplicate', () => {
    const from = { reason: 'network', smtp: reply('450 4.2.0 later'), maybeDuplicate: true };
    expect(step(SENT, { from })).toMatchObject({ reason: null, smtp: { code: 250 }, maybeDuplicate: true });
  });

  test('an expiry reports the last reply there was', () => {
    const from = { smtp: reply('450 4.2.0 later') };
    expect(step(deferred(null), { from, now: START + 48 * HOUR })).toMatchObject({
      reason: 'expired',
      smtp: { code: 450 },
      events: [{ bounce: { type: 'Transient', subType: 'General' } }],
    });
    expect(step(deferred(null), { now: START + 48 * HOUR })).toMatchObject({
      events: [{ bounce: { type: 'Undetermined', subType: 'Undetermined', diagnosticCode: [] } }],
    });
  });

  test('only a verdict that blames the address suppresses it', () => {
    expect(step(bounced('550 5.1.1 no', { suppress: true })).suppress).toBe(true);
    expect(step(bounced('550 5.7.1 no')).suppress).toBe(false);
  });
});
