import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { bounced, deferred, HOUR, type House, LOST, MINUTE, SENT, START } from './house.ts';

/** Due at the earliest 15 minutes after the break; the dice of these tests show the middle of the jitter. */
const RETRY_AT = START + 18 * MINUTE;

function broken(room: House): string {
  const id = room.accepted();
  const claim = room.claimed();
  room.dot(claim);
  room.settle(claim, LOST);
  return id;
}

export function unknownContract(house: LendHouse): void {
  describe('an unknown outcome', () => {
    once(house);
    never(house);
  });
}

function once(house: LendHouse): void {
  test('transition 13: the first break is unknown, and is not tried again before 15 minutes', () =>
    house((room) => {
      const id = broken(room);
      expect(room.recipient(id)).toMatchObject({
        state: 'unknown',
        dueAt: RETRY_AT,
        reason: 'outcome_unknown',
        maybeDuplicate: true,
      });
      expect(room.events(id).at(-1)).toMatchObject({
        type: 'email.delivery_delayed',
        reason: 'outcome_unknown',
        phase: 'dot',
        maybeDuplicate: true,
        nextAttemptAt: RETRY_AT,
      });
      expect(room.read(id).lastEvent).toBe('delivery_delayed');
      room.now = START + 15 * MINUTE;
      expect(room.claims()).toEqual([]);
    }));

  test('the earliest retry is 15 minutes away even when the dice are low', () =>
    house((room) => {
      room.dice = 0;
      expect(room.recipient(broken(room)).dueAt).toBe(START + 15 * MINUTE);
    }));

  test('the one retry is marked as a possible duplicate', () =>
    house((room) => {
      const id = broken(room);
      room.now = RETRY_AT;
      room.settle(room.claimed(), SENT);
      expect(room.recipient(id)).toMatchObject({ state: 'sent', maybeDuplicate: true, attempts: 2 });
      expect(room.events(id).at(-1)).toMatchObject({ type: 'email.sent', maybeDuplicate: true });
    }));

  test('the second break is final', () =>
    house((room) => {
      const id = broken(room);
      room.now = RETRY_AT;
      const second = room.claimed();
      expect(room.dot(second)).toBe(true);
      room.settle(second, LOST);
      expect(room.recipient(id)).toMatchObject({ state: 'unknown', dueAt: null, reason: 'outcome_unknown' });
      expect(room.events(id).at(-1)).toMatchObject({ type: 'email.failed', reason: 'outcome_unknown' });
      expect(room.read(id).lastEvent).toBe('failed');
      room.now += 100 * HOUR;
      expect(room.claims()).toEqual([]);
    }));

  test('a retry that is refused for good is failed', () =>
    house((room) => {
      const id = broken(room);
      room.now = RETRY_AT;
      room.settle(room.claimed(), bounced('550 5.1.1 no such user'));
      expect(room.recipient(id)).toMatchObject({ state: 'failed', maybeDuplicate: true });
    }));

  test('an unknown that outlives the maximum age stays unknown, whether it waits or was deferred meanwhile', () =>
    house((room) => {
      const [one, two] = [broken(room), broken(room)];
      room.now = RETRY_AT;
      const [first] = room.claims({ limit: 1 });
      if (first !== undefined) room.settle(first, deferred(null));
      room.now = START + 48 * HOUR;
      room.room.recover({ now: room.now, all: false });
      for (const id of [one, two]) {
        expect(room.recipient(id)).toMatchObject({
          state: 'unknown',
          dueAt: null,
          reason: 'outcome_unknown',
        });
        expect(room.eventTypes(id)).toEqual(['queued', 'delivery_delayed', 'failed']);
      }
    }));

  test('an address suppressed while its outcome is unknown is not tried again, and stays unknown', () =>
    house((room) => {
      const id = broken(room);
      const entry = { id: room.newId(), address: 'ann@example.org', expiresAt: null, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      room.now = RETRY_AT;
      expect(room.claims()).toEqual([]);
      expect(room.recipient(id)).toMatchObject({ state: 'unknown', dueAt: null });
    }));
}

function never(house: LendHouse): void {
  test('under `never` the first break is final and marks no duplicate', () =>
    house(
      (room) => {
        const id = broken(room);
        expect(room.recipient(id)).toMatchObject({ state: 'unknown', dueAt: null, maybeDuplicate: false });
        expect(room.eventTypes(id)).toEqual(['queued', 'failed']);
        room.now += 100 * HOUR;
        expect(room.claims()).toEqual([]);
      },
      { unknownPolicy: 'never' },
    ));

  test('a retry by hand is marked, and its break is final again', () =>
    house(
      (room) => {
        const id = broken(room);
        expect(room.room.retry({ id, now: room.now }).ok).toBe(true);
        expect(room.recipient(id)).toMatchObject({ state: 'queued', dueAt: START, maybeDuplicate: true });
        const again = room.claimed();
        room.dot(again);
        room.settle(again, LOST);
        expect(room.recipient(id)).toMatchObject({ state: 'unknown', dueAt: null, maybeDuplicate: true });
      },
      { unknownPolicy: 'never' },
    ));
}
