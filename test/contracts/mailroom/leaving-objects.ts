import { describe, expect, test } from 'vitest';
import type { AcceptCall } from '../../../src/mailroom/mailroom.ts';
import type { LendHouse } from '../mailroom.ts';
import { file, KEY, upload } from './attachments.ts';
import { DAY, HOUR, type House, MINUTE, OPERATOR, SECOND, START } from './house.ts';

/** How an object that nothing names any more leaves, and what comes in between. */
export function leavingObjectsContract(house: LendHouse): void {
  describe('objects that leave', () => {
    deleting(house);
    strays(house);
  });
}

function sweep(room: House): ReturnType<House['room']['sweep']> {
  return room.room.sweep({ now: room.now, limit: 100 });
}

/** A finished mail with a file, and its removal: the object is given up, not yet deleted. */
function givenUp(room: House): void {
  const id = room.accepted([], { envelope: [], attachments: [file(room)] });
  const removed = room.room.removeEmail({ id, now: room.now });
  expect(removed.ok && removed.value.objects).toEqual([KEY]);
}

function send(room: House, call: Partial<AcceptCall> = {}): string {
  const { kind } = room.send([room.email(undefined, { attachments: [file(room)] })], call);
  return kind;
}

function deleting(house: LendHouse): void {
  test('a file that is being deleted is not accepted: whoever stored it again stored it perhaps too early', () =>
    house((room) => {
      givenUp(room);
      room.now += SECOND;
      const answer = room.send([room.email(undefined, { attachments: [file(room)] })]);
      expect(answer).toMatchObject({
        kind: 'refused',
        refusal: { code: 'unavailable', retryAfterSeconds: 5 },
      });
      expect(room.claims()).toEqual([]);
    }));

  test('once it is deleted, a request that began later is accepted, and one that began before is not', () =>
    house((room) => {
      givenUp(room);
      const before = room.now + SECOND;
      room.now += 2 * SECOND;
      room.room.objectsDeleted({ keys: [KEY], now: room.now });
      expect(send(room, { now: before })).toBe('refused');
      // In the same millisecond nobody knows which of the two was first.
      expect(send(room, { now: room.now })).toBe('refused');
      expect(send(room, { now: room.now + 1 })).toBe('accepted');
      // And from here on the object is like any other.
      expect(send(room, { now: before })).toBe('accepted');
    }));

  test('the same for a body, for raw mail and for a copy of an upload', () =>
    house((room) => {
      givenUp(room);
      const kinds = [
        { content: { kind: 'object', key: KEY } },
        { content: { kind: 'raw', key: KEY, size: 1 } },
        { objects: [KEY] },
      ] as const;
      for (const change of kinds) expect(room.send([room.email(undefined, change)]).kind).toBe('refused');
      const content = { key: KEY, size: 1, sha256: '' };
      expect(room.send([room.email()], { uploads: [{ id: 'u', content }] }).kind).toBe('refused');
    }));

  test('a batch is refused as a whole, permissive or not, and its idempotency key is free again', () =>
    house((room) => {
      givenUp(room);
      const idempotency = { key: 'k', endpoint: 'POST /emails/batch', fingerprint: 'f' };
      const mails = [room.email(), room.email(undefined, { attachments: [file(room)] })];
      for (const mode of ['strict', 'permissive'] as const) {
        const answer = room.send(mails, { mode, door: { ...OPERATOR, idempotency } });
        expect(answer).toMatchObject({ kind: 'refused', refusal: { code: 'unavailable' } });
      }
      expect(room.claims()).toEqual([]);
      room.room.objectsDeleted({ keys: [KEY], now: room.now });
      room.now += 1;
      expect(room.send(mails, { mode: 'strict', door: { ...OPERATOR, idempotency } }).kind).toBe('accepted');
    }));

  test('a deletion that nobody confirms is asked for again after 15 minutes, and until then stands in the way', () =>
    house((room) => {
      givenUp(room);
      room.now += 15 * MINUTE - 1;
      expect(sweep(room).objects).toEqual([]);
      room.now += 1;
      expect(sweep(room).objects).toEqual([KEY]);
      expect(sweep(room).objects).toEqual([]);
      expect(send(room)).toBe('refused');
      room.room.objectsDeleted({ keys: [KEY], now: room.now });
      room.now += HOUR;
      expect(sweep(room).objects).toEqual([]);
      expect(send(room)).toBe('accepted');
    }));

  test('a mail that names it when nobody can be deleting it any more keeps it', () =>
    house((room) => {
      givenUp(room);
      room.now += 15 * MINUTE + 1;
      expect(send(room)).toBe('accepted');
      room.now += HOUR;
      expect(sweep(room).objects).toEqual([]);
    }));

  test('that it was deleted is forgotten after a day', () =>
    house((room) => {
      givenUp(room);
      room.room.objectsDeleted({ keys: [KEY], now: room.now });
      room.now = START + DAY - 1;
      expect(sweep(room).removed).toBe(0);
      room.now += 1;
      expect(sweep(room)).toEqual({ removed: 1, objects: [] });
      expect(room.sql.exec('SELECT * FROM leaving_objects')).toEqual([]);
    }));

  test('more keys than one statement takes are given up and confirmed all the same', () =>
    house((room) => {
      const keys = Array.from({ length: 12_000 }, (_, number) => `t/default/${number}`);
      expect(room.room.strayObjects({ keys, now: room.now })).toHaveLength(12_000);
      room.room.objectsDeleted({ keys, now: room.now });
      expect(room.sql.exec('SELECT 1 FROM leaving_objects WHERE deleted_at IS NULL')).toEqual([]);
    }));
}

function strays(house: LendHouse): void {
  test('an object is a stray when no mail and no upload names it', () =>
    house((room) => {
      const given = upload(room);
      room.room.createUpload({ upload: given, now: room.now });
      const content = { key: 't/default/copy', size: 1, sha256: '' };
      room.send([room.email(undefined, { attachments: [file(room)] })], {
        uploads: [{ id: given.id, content }],
      });
      room.accepted(undefined, { content: { kind: 'object', key: 't/default/body' } });
      const keys = [KEY, given.key, content.key, 't/default/body', 't/default/stray', 't/default/stray'];
      expect(room.room.strayObjects({ keys, now: room.now })).toEqual(['t/default/stray']);
      expect(room.room.strayObjects({ keys: [], now: room.now })).toEqual([]);
    }));

  test('one under deletion is not answered twice; one that was put again after its deletion is', () =>
    house((room) => {
      const ask = () => room.room.strayObjects({ keys: [KEY], now: room.now });
      expect(ask()).toEqual([KEY]);
      expect(ask()).toEqual([]);
      room.room.objectsDeleted({ keys: [KEY], now: room.now });
      room.now += SECOND;
      expect(ask()).toEqual([KEY]);
      expect(send(room)).toBe('refused');
    }));
}
