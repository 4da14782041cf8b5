import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { back, bounced, deferred, HOUR, type House, LOST, ownFailure, SENT, START } from './house.ts';

const LATER = START + HOUR;
const refused = (message: RegExp): unknown => ({
  ok: false,
  refusal: { code: 'validation_error', message: expect.stringMatching(message), field: 'id' },
});
const cancel = (room: House, id: string): unknown => room.room.cancel({ id, now: room.now });
const move = (room: House, id: string, scheduledAt: number): unknown =>
  room.room.reschedule({ id, scheduledAt, now: room.now });

export function scheduleContract(house: LendHouse): void {
  describe('schedule', () => {
    canceling(house);
    moving(house);
    retrying(house);
  });
}

function canceling(house: LendHouse): void {
  test('transition 3: a scheduled mail is canceled, one event per recipient, and never sent', () =>
    house((room) => {
      const id = room.accepted(['a@example.org', 'b@example.org'], { scheduledAt: LATER });
      expect(cancel(room, id)).toEqual({ ok: true, value: { id } });
      expect(room.read(id).recipients.map(({ state, dueAt }) => [state, dueAt])).toEqual([
        ['canceled', null],
        ['canceled', null],
      ]);
      expect(room.eventTypes(id)).toEqual(['scheduled', 'scheduled', 'canceled', 'canceled']);
      expect(room.read(id).lastEvent).toBe('canceled');
      room.now = LATER + HOUR;
      expect(room.claims()).toEqual([]);
      expect(cancel(room, id)).toEqual(refused(/canceled/));
      expect(move(room, id, LATER)).toEqual(refused(/canceled/));
    }));

  test('a mail that was never scheduled can be neither canceled nor moved', () =>
    house((room) => {
      const id = room.accepted();
      expect(cancel(room, id)).toEqual(refused(/Only a scheduled email/));
      expect(move(room, id, LATER)).toEqual(refused(/Only a scheduled email/));
    }));

  test('a mail that was claimed once can be neither canceled nor moved, not even after it was given back', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: LATER });
      room.now = LATER;
      const claim = room.claimed();
      expect([cancel(room, id), move(room, id, LATER)]).toEqual([
        refused(/dispatched/),
        refused(/dispatched/),
      ]);
      room.settle(claim, back());
      expect([cancel(room, id), move(room, id, LATER)]).toEqual([
        refused(/dispatched/),
        refused(/dispatched/),
      ]);
      expect(room.read(id)).toMatchObject({ date: LATER, lastEvent: 'queued' });
    }));

  test('a scheduled mail is shown as scheduled until it has come back from its first claim', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: LATER });
      room.now = LATER;
      const claim = room.claimed();
      expect(room.read(id).lastEvent).toBe('scheduled');
      room.settle(claim, SENT);
      expect(room.read(id).lastEvent).toBe('sent');
    }));

  test('a suppressed recipient of a canceled mail stays suppressed', () =>
    house((room) => {
      const entry = { id: room.newId(), address: 'b@example.org', expiresAt: null, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      const id = room.accepted(['a@example.org', 'b@example.org'], { scheduledAt: LATER });
      cancel(room, id);
      expect(room.read(id).recipients.map(({ state }) => state)).toEqual(['canceled', 'suppressed']);
    }));
}

function moving(house: LendHouse): void {
  test('a moved mail is due at the new moment, and its Date with it', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: LATER });
      expect(move(room, id, LATER + HOUR)).toEqual({ ok: true, value: { id } });
      expect(room.read(id)).toMatchObject({
        scheduledAt: LATER + HOUR,
        date: LATER + HOUR,
        lastEvent: 'scheduled',
      });
      room.now = LATER;
      expect(room.claims()).toEqual([]);
      room.now = LATER + HOUR;
      expect(room.claimed().email.date).toBe(LATER + HOUR);
    }));

  test('a recipient that was suppressed at acceptance is not moved back into the queue', () =>
    house((room) => {
      const entry = { id: room.newId(), address: 'b@example.org', expiresAt: null, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      const id = room.accepted(['a@example.org', 'b@example.org'], { scheduledAt: LATER });
      move(room, id, LATER + HOUR);
      expect(room.read(id).recipients.map(({ state, dueAt }) => [state, dueAt])).toEqual([
        ['queued', LATER + HOUR],
        ['suppressed', null],
      ]);
    }));

  test('a mail moved into the past is due now', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: LATER });
      expect(move(room, id, START - HOUR)).toEqual({ ok: true, value: { id } });
      expect(room.claimed().email).toMatchObject({ id, date: START });
    }));

  test('the Date stays what it was through every later attempt', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      room.now += HOUR;
      expect(room.claimed().email.date).toBe(START);
      expect(room.read(id).date).toBe(START);
    }));
}

function retrying(house: LendHouse): void {
  test('a retry by hand sends the failed and the unknown recipients again, and nobody else', () =>
    house((room) => {
      const names = ['sent', 'bounced', 'failed', 'unknown', 'deferred'];
      const id = room.accepted(names.map((name) => `${name}@example.org`));
      const claim = room.claimed();
      room.dot(claim);
      const outcomes = [
        SENT,
        bounced('550 5.1.1 no'),
        ownFailure('too_large'),
        LOST,
        deferred('450 4.2.0 later'),
      ];
      room.room.settle({
        attemptId: claim.attemptId,
        now: room.now,
        outcomes: outcomes.map((outcome, recipient) => ({ recipient, outcome })),
      });
      room.now = START + 48 * HOUR;
      room.room.recover({ now: room.now, all: false });
      expect(room.room.retry({ id, now: room.now })).toEqual({ ok: true, value: { id } });
      expect(room.read(id).recipients.map(({ state, maybeDuplicate }) => [state, maybeDuplicate])).toEqual([
        ['sent', false],
        ['queued', false],
        ['queued', false],
        ['queued', true],
        ['queued', false],
      ]);
      expect(room.claimed().recipients.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4]);
    }));

  test('a retry by hand begins a fresh schedule and tells of it', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: LATER });
      room.now = LATER;
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      room.now += HOUR;
      room.settle(room.claimed(), bounced('550 5.1.1 no such user'));
      room.now += 50 * HOUR;
      room.room.retry({ id, now: room.now });
      expect(room.read(id).lastEvent).toBe('queued');
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      expect(room.recipient(id)).toMatchObject({ state: 'deferred', dueAt: room.now + 30_000, attempts: 3 });
      expect(room.eventTypes(id)).toEqual(['scheduled', 'delivery_delayed', 'bounced', 'queued']);
    }));

  test('there is nothing to retry while a mail is under way, nor when all of it was sent', () =>
    house((room) => {
      const id = room.accepted();
      const nothing = refused(/no failed or unknown recipients/);
      expect(room.room.retry({ id, now: room.now })).toEqual(nothing);
      const claim = room.claimed();
      expect(room.room.retry({ id, now: room.now })).toEqual(nothing);
      room.settle(claim, SENT);
      expect(room.room.retry({ id, now: room.now })).toEqual(nothing);
    }));
}
