import { describe, expect, test } from 'vitest';
import type { Simulation } from '../../../schemas/delivery.ts';
import type { LendHouse } from '../mailroom.ts';
import { bounced, deferred, LEASE_MS, LOST, SECOND, SENT, START } from './house.ts';

export function attemptsContract(house: LendHouse): void {
  describe('an attempt', () => {
    recovery(house);
    owners(house);
    simulations(house);
  });
}

function recovery(house: LendHouse): void {
  test('transition 15: a lease that ends below the dot makes the recipient due at once, the attempt counted', () =>
    house((room) => {
      const id = room.accepted();
      room.claimed();
      room.now += LEASE_MS - 1;
      expect(room.room.recover({ now: room.now, all: false })).toBe(0);
      room.now += 1;
      expect(room.room.recover({ now: room.now, all: false })).toBe(1);
      expect(room.recipient(id)).toMatchObject({ state: 'deferred', dueAt: room.now, attempts: 1 });
      expect(room.claimed().email.id).toBe(id);
      expect(room.recipient(id).attempts).toBe(2);
    }));

  test('transition 16: a lease that ends at the dot makes the recipient unknown', () =>
    house((room) => {
      const id = room.accepted();
      room.dot(room.claimed());
      room.now += LEASE_MS;
      expect(room.room.recover({ now: room.now, all: false })).toBe(1);
      expect(room.recipient(id)).toMatchObject({ state: 'unknown', reason: 'outcome_unknown' });
    }));

  test('at the start of a process no lease is believed', () =>
    house((room) => {
      const ids = [room.accepted(), room.accepted()];
      const [first] = room.claims();
      if (first !== undefined) room.dot(first);
      room.reopened();
      expect(room.room.recover({ now: room.now, all: true })).toBe(2);
      expect(ids.map((id) => room.recipient(id).state).sort()).toEqual(['deferred', 'unknown']);
    }));

  test('a house that is restarted many times does not use up the patience of the mail it holds', () =>
    house((room) => {
      const id = room.accepted();
      for (let times = 0; times < 20; times++) {
        room.claimed();
        room.room.recover({ now: room.now, all: true });
      }
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      expect(room.recipient(id)).toMatchObject({
        state: 'deferred',
        dueAt: START + 30 * SECOND,
        attempts: 21,
      });
    }));
}

function owners(house: LendHouse): void {
  test('a settle after recovery, or a second one, changes nothing and says so', () =>
    house((room) => {
      const id = room.accepted();
      const late = room.claimed();
      room.now += LEASE_MS;
      room.room.recover({ now: room.now, all: false });
      const decided = room.read(id);
      expect(room.settle(late, SENT)).toBe('stale');
      expect(room.read(id)).toEqual(decided);
      const next = room.claimed();
      expect(room.settle(late, bounced('550 5.1.1 no'))).toBe('stale');
      expect(room.settle(next, SENT)).toBe('settled');
      expect(room.settle(next, SENT)).toBe('stale');
      expect(room.eventTypes(id)).toEqual(['queued', 'sent']);
    }));

  test('a settle that is late, but before anybody else decided, counts', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.now += 2 * LEASE_MS;
      expect(room.settle(claim, SENT)).toBe('settled');
      expect(room.recipient(id).state).toBe('sent');
    }));

  test('an attempt may be settled in parts', () =>
    house((room) => {
      const id = room.accepted(['a@example.org', 'b@example.org']);
      const { attemptId } = room.claimed();
      const part = (recipient: number): string =>
        room.room.settle({ attemptId, now: room.now, outcomes: [{ recipient, outcome: SENT }] });
      expect([part(1), room.recipient(id, 0).state, part(1), part(0), part(7)]).toEqual([
        'settled',
        'claimed',
        'stale',
        'settled',
        'stale',
      ]);
    }));

  test('transition 19: without proof nothing but its one retry moves an unknown recipient', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      room.settle(claim, LOST);
      expect(room.settle(claim, SENT)).toBe('stale');
      expect(room.room.cancel({ id, now: room.now }).ok).toBe(false);
      expect(room.recipient(id).state).toBe('unknown');
    }));
}

function simulations(house: LendHouse): void {
  const table: readonly [Simulation, readonly string[], string][] = [
    ['delivered', ['sent', 'delivered'], 'delivered'],
    ['bounced', ['sent', 'bounced'], 'bounced'],
    ['complained', ['sent', 'delivered', 'complained'], 'complained'],
    ['suppressed', ['suppressed'], 'suppressed'],
  ];
  test.each(table)('the simulated address `%s` ends with the events %j', (simulation, events, word) =>
    house((room) => {
      const address = `${simulation}@resend.dev`;
      const id = room.accepted([], { envelope: [{ address, simulation }] });
      room.settle(room.claimed({ relay: 'simulated' }), { kind: 'simulated', simulation });
      expect(room.eventTypes(id)).toEqual(['queued', ...events]);
      expect(room.read(id).lastEvent).toBe(word);
      expect(room.room.suppression({ idOrAddress: address, now: room.now })).toBeNull();
    }),
  );
}
