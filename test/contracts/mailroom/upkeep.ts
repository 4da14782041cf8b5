import { describe, expect, test } from 'vitest';
import { NewerDatabase } from '../../../src/mailroom/migrations.ts';
import type { LendHouse } from '../mailroom.ts';
import {
  back,
  DAY,
  deferred,
  HOUR,
  type House,
  LEASE_MS,
  LOST,
  MINUTE,
  SECOND,
  SENT,
  START,
} from './house.ts';

export function upkeepContract(house: LendHouse): void {
  describe('upkeep', () => {
    wakeUp(house);
    missingRelays(house);
    removal(house);
    sweeping(house);
  });
}

function wakeUp(house: LendHouse): void {
  const next = (room: House, closed?: readonly string[]): number | null =>
    room.room.nextDue({ now: room.now, ...(closed === undefined ? {} : { closed }) });

  test('the next moment is the earliest of due time, lease end and maximum age', () =>
    house((room) => {
      expect(next(room)).toBeNull();
      room.accepted(undefined, { scheduledAt: START + HOUR });
      expect(next(room)).toBe(START + HOUR);
      room.accepted();
      expect(next(room)).toBe(START);
      const claim = room.claimed();
      expect(next(room)).toBe(START + LEASE_MS);
      room.settle(claim, SENT);
      expect(next(room)).toBe(START + HOUR);
    }));

  test('mail that waits for a closed relay wakes nobody until its age is over', () =>
    house((room) => {
      room.accepted();
      room.settle(room.claimed(), deferred(null, { elsewhere: true }));
      expect(next(room)).toBe(START);
      expect(next(room, ['second'])).toBe(START + 48 * HOUR);
    }));

  test('the depth counts what waits and what is held, and names the longest due', () =>
    house((room) => {
      room.accepted(['a@example.org', 'b@example.org']);
      room.accepted(undefined, { scheduledAt: START + HOUR });
      expect(room.room.depth({ now: room.now })).toEqual({ queued: 3, oldestDueAt: START });
      const claim = room.claimed();
      expect(room.room.depth({ now: room.now })).toEqual({ queued: 3, oldestDueAt: START + HOUR });
      room.settle(claim, SENT);
      expect(room.room.depth({ now: room.now })).toEqual({ queued: 1, oldestDueAt: START + HOUR });
    }));

  test('a database of a newer release is not opened', () =>
    house((room) => {
      room.sql.exec('UPDATE schema_version SET version = version + 1');
      expect(() => room.reopened()).toThrow(NewerDatabase);
    }));
}

function missingRelays(house: LendHouse): void {
  test('mail that waits for a relay which is no longer configured goes to another', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), back({ elsewhere: true }));
      room.reopened({ relays: ['third'] });
      expect(room.claims({ relay: 'third' })).toEqual([]);
      expect(room.room.recover({ now: room.now, all: true })).toBe(1);
      expect(room.claimed({ relay: 'third' }).email.id).toBe(id);
    }));

  test('an unknown whose relay is gone ends as unknown, for no other may have it', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      room.settle(claim, LOST);
      room.reopened({ relays: ['second'] });
      room.room.recover({ now: room.now, all: true });
      expect(room.recipient(id)).toMatchObject({ state: 'unknown', dueAt: null });
      room.now += HOUR;
      expect(room.claims({ relay: 'second' })).toEqual([]);
    }));
}

function removal(house: LendHouse): void {
  const remove = (room: House, id: string): unknown => room.room.removeEmail({ id, now: room.now });

  test('a finished mail is removed with everything about it', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), SENT);
      expect(remove(room, id)).toEqual({ ok: true, value: { id, objects: [] } });
      expect(room.room.email({ id })).toBeNull();
      for (const table of ['emails', 'bodies', 'recipients', 'events', 'email_objects']) {
        expect(room.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n).toBe(0);
      }
    }));

  test('an unfinished mail is not removed: queued, held, deferred or unknown', () =>
    house((room) => {
      const refused = { ok: false, refusal: { code: 'validation_error' } };
      const id = room.accepted();
      expect(remove(room, id)).toMatchObject(refused);
      const claim = room.claimed();
      expect(remove(room, id)).toMatchObject(refused);
      room.dot(claim);
      room.settle(claim, LOST);
      expect(remove(room, id)).toMatchObject(refused);
    }));

  test('only those objects are given up that no other mail names', () =>
    house((room) => {
      const content = { kind: 'raw', key: 't/default/raw', size: 1 } as const;
      const [one, two] = [
        { objects: ['t/default/a', 't/default/b'], content },
        { objects: ['t/default/b'] },
      ].map((change) => room.accepted(undefined, change));
      for (const claim of room.claims()) room.settle(claim, SENT);
      const answer = room.room.removeEmail({ id: one ?? '', now: room.now });
      expect(answer.ok && answer.value.objects.toSorted()).toEqual(['t/default/a', 't/default/raw']);
      expect(remove(room, two ?? '')).toMatchObject({ value: { objects: ['t/default/b'] } });
    }));
}

function sweeping(house: LendHouse): void {
  const sweep = (room: House, limit = 100): ReturnType<House['room']['sweep']> =>
    room.room.sweep({ now: room.now, limit });

  test('finished mails are swept after their retention, with the objects nobody else names', () =>
    house((room) => {
      const id = room.accepted(undefined, { objects: ['t/default/a'] });
      room.settle(room.claimed(), SENT);
      room.now = START + 30 * DAY;
      expect(sweep(room)).toEqual({ removed: 0, objects: [] });
      room.now += 1;
      expect(sweep(room)).toEqual({ removed: 1, objects: ['t/default/a'] });
      expect(room.room.email({ id })).toBeNull();
    }));

  test('a mail that was scheduled a month ahead is kept for its retention after it was due', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: START + 30 * DAY });
      room.now = START + 31 * DAY;
      room.settle(room.claimed(), SENT);
      sweep(room);
      expect(room.read(id).lastEvent).toBe('sent');
      room.now = START + 60 * DAY + 1;
      sweep(room);
      expect(room.room.email({ id })).toBeNull();
    }));

  test('an unfinished mail is never swept, however old', () =>
    house((room) => {
      const id = room.accepted();
      room.now = START + 365 * DAY;
      sweep(room);
      expect(room.read(id).recipients).toHaveLength(1);
    }));

  test('events go after their own retention, and leave their mail', () =>
    house(
      (room) => {
        const id = room.accepted();
        room.now = START + DAY + SECOND;
        room.settle(room.claimed(), SENT);
        expect(sweep(room)).toEqual({ removed: 1, objects: [] });
        expect(room.eventTypes(id)).toEqual(['sent']);
      },
      { eventRetentionMs: DAY },
    ));

  test('answers kept for replay and suppressions that ended are swept, those in force are not', () =>
    house((room) => {
      const idempotency = { key: 'k', endpoint: 'POST /emails', fingerprint: 'f' };
      const envelope = [] as const;
      room.send([room.email([], { envelope })], {
        door: { credential: { kind: 'operator' }, scope: 'sending', idempotency },
      });
      const entry = (
        address: string,
        expiresAt: number,
      ): { id: string; address: string; expiresAt: number; note: null } => ({
        id: room.newId(),
        address,
        expiresAt,
        note: null,
      });
      const entries = [entry('a@example.org', START + MINUTE), entry('b@example.org', START + 3 * DAY)];
      room.room.suppress({ entries, now: room.now });
      room.now = START + DAY;
      expect(sweep(room)).toEqual({ removed: 2, objects: [] });
      expect(room.room.suppression({ idOrAddress: 'b@example.org', now: room.now })).not.toBeNull();
    }));

  test('one sweep removes no more of a kind than it was allowed', () =>
    house((room) => {
      for (let times = 0; times < 3; times++) room.accepted([], { envelope: [] });
      room.now = START + 31 * DAY;
      expect([sweep(room, 2).removed, sweep(room, 2).removed, sweep(room, 2).removed]).toEqual([2, 1, 0]);
    }));
}
