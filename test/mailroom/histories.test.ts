import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MailroomConfig } from '../../src/mailroom/mailroom.ts';
import type { RecipientRecord } from '../../src/mailroom/records.ts';
import { DAY, HOUR, MINUTE } from '../contracts/mailroom/house.ts';
import { type Happening, World } from './history.ts';

const pick = fc.nat(50);
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('accept' as const),
      recipients: fc.integer({ min: 1, max: 3 }),
      delayMs: fc.constantFrom(0, 0, MINUTE, HOUR),
      secure: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      relay: fc.nat(3),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('dot' as const), pick, taken: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), pick, outcome: pick, heard: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle again' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'recover' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('cancel' as const, 'retry' as const, 'suppress' as const),
      pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reschedule' as const),
      pick,
      delayMs: fc.constantFrom(-HOUR, MINUTE, DAY),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.constantFrom(1, MINUTE, 20 * MINUTE, HOUR, 10 * HOUR, -MINUTE, -HOUR),
    }),
  },
);

/** What is remembered of a recipient between two steps. */
type Memory = Map<string, RecipientRecord>;

const FINAL = new Set(['sent', 'failed', 'suppressed', 'canceled']);
const FINAL_EVENTS = new Set([
  'email.sent',
  'email.failed',
  'email.bounced',
  'email.suppressed',
  'email.canceled',
]);

function isFinal({ state, dueAt }: RecipientRecord): boolean {
  return FINAL.has(state) || (state === 'unknown' && dueAt === null);
}

function check({ world, memory, happening }: { world: World; memory: Memory; happening: Happening }): void {
  const { house } = world;
  for (const id of world.ids) {
    const byHand = world.retriedByHand.has(id);
    for (const recipient of house.read(id).recipients) {
      const { address, state } = recipient;
      const known = memory.get(address);
      if (known !== undefined && isFinal(known) && happening.kind !== 'retry')
        expect(recipient).toEqual(known);
      const held = state === 'claimed' || state === 'sending';
      expect(isFinal(recipient) || held || recipient.dueAt !== null, `${address} has a due time`).toBe(true);
      const taken = world.deliveries.get(address) ?? 0;
      expect(taken <= 1 || recipient.maybeDuplicate, `${address} was sent ${taken} times unmarked`).toBe(
        true,
      );
      if (!byHand) expect(taken).toBeLessThanOrEqual(house.config.unknownPolicy === 'once' ? 2 : 1);
      memory.set(address, recipient);
    }
    checkEvents({ world, id, byHand });
  }
}

function checkEvents({ world, id, byHand }: { world: World; id: string; byHand: boolean }): void {
  const events = Map.groupBy(world.house.events(id), ({ recipient }) => recipient);
  for (const recipient of world.house.read(id).recipients) {
    const types = (events.get(recipient.address) ?? []).map(({ type }) => type);
    expect(['email.queued', 'email.scheduled', 'email.suppressed']).toContain(types[0]);
    const ends = types.filter((type) => FINAL_EVENTS.has(type)).length;
    if (!byHand) {
      expect(ends, `${recipient.address}: ${types.join(' ')}`).toBe(isFinal(recipient) ? 1 : 0);
      expect(new Set(types.filter((type) => type !== 'email.delivery_delayed')).size).toBe(
        types.filter((type) => type !== 'email.delivery_delayed').length,
      );
    }
    expect(types.filter((type) => type === 'email.delivery_delayed').length).toBeLessThanOrEqual(2);
  }
}

/** Nobody interferes any more: every relay takes what it is given, and time goes on. */
function drain(world: World): void {
  world.happen({ kind: 'crash' });
  for (let round = 0; round < 40; round++) {
    for (const relay of [0, 1]) world.happen({ kind: 'claim', relay, limit: 100 });
    for (let times = 0; times < 60; times++) {
      world.happen({ kind: 'dot', pick: 0, taken: true });
      world.happen({ kind: 'settle', pick: 0, outcome: 0, heard: true });
    }
    world.happen({ kind: 'clock', byMs: 2 * HOUR });
    world.happen({ kind: 'recover' });
  }
}

function play(config: Partial<MailroomConfig>, history: readonly Happening[]): void {
  const world = new World(config);
  const memory: Memory = new Map();
  try {
    for (const happening of history) {
      world.happen(happening);
      check({ world, memory, happening });
    }
    drain(world);
    check({ world, memory, happening: { kind: 'recover' } });
    for (const id of world.ids) {
      expect(world.house.read(id).recipients.filter((recipient) => !isFinal(recipient))).toEqual([]);
    }
    expect(world.house.room.nextDue({ now: world.house.now })).toBeNull();
  } finally {
    world.close();
  }
}

describe('histories', () => {
  test.each<[string, Partial<MailroomConfig>]>([
    ['an unknown outcome is retried once', { unknownPolicy: 'once' }],
    ['an unknown outcome is never retried', { unknownPolicy: 'never' }],
    ['one relay speaks no TLS', { clearRelays: ['first'] }],
  ])('nothing is lost, left final or sent twice unmarked, whatever happens: %s', (_, config) => {
    fc.assert(
      fc.property(fc.array(happenings, { minLength: 1, maxLength: 60 }), (history) => play(config, history)),
      { numRuns: 150 },
    );
  });
});
