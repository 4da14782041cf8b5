import { describe, expect, test } from 'vitest';
import type { AcceptCall, Door, IdempotencyClaim } from '../../../src/mailroom/mailroom.ts';
import type { LendHouse } from '../mailroom.ts';
import { bodyOf } from './accept.ts';
import { DAY, type House, OPERATOR, SECOND, START } from './house.ts';

const KEY: IdempotencyClaim = { key: 'order-1', endpoint: 'POST /emails', fingerprint: 'f1' };
const OTHER = { ...KEY, fingerprint: 'f2' };
const CONCURRENT = { kind: 'refused', refusal: { code: 'concurrent_idempotent_requests' } };
const DIFFERENT = { kind: 'refused', refusal: { code: 'invalid_idempotent_request' } };

function under(idempotency: IdempotencyClaim, reserve?: string): Door {
  return { ...OPERATOR, idempotency, ...(reserve === undefined ? {} : { reserve }) };
}

/** The second call of a request that stored something in between. */
function admitted(reserved: string, idempotency = KEY): AcceptCall['door'] {
  return { key: { id: null, permission: 'full_access', domain: null }, idempotency, reserved };
}

function sendUnder(room: House, door: AcceptCall['door']): ReturnType<House['send']> {
  return room.send([room.email()], { door });
}

export function idempotencyContract(house: LendHouse): void {
  describe('idempotency', () => {
    replays(house);
    reservations(house);
  });
}

function replays(house: LendHouse): void {
  test('the same key with the same request replays the stored answer and sends nothing again', () =>
    house((room) => {
      const first = sendUnder(room, under(KEY));
      const second = sendUnder(room, under(KEY));
      expect(second).toMatchObject({ kind: 'replayed', answer: { status: 200 } });
      expect(bodyOf(second)).toEqual(bodyOf(first));
      expect(room.room.depth({ now: room.now }).queued).toBe(1);
    }));

  test('the answer survives the end of the process', () =>
    house((room) => {
      const first = sendUnder(room, under(KEY));
      room.reopened();
      expect(bodyOf(sendUnder(room, under(KEY)))).toEqual(bodyOf(first));
    }));

  test('the same key with another request is refused', () =>
    house((room) => {
      sendUnder(room, under(KEY));
      expect(sendUnder(room, under(OTHER))).toMatchObject(DIFFERENT);
      expect(room.room.admit({ door: under(OTHER), now: room.now })).toMatchObject(DIFFERENT);
    }));

  test('a key belongs to its endpoint', () =>
    house((room) => {
      sendUnder(room, under(KEY));
      expect(sendUnder(room, under({ ...KEY, endpoint: 'POST /emails/batch' })).kind).toBe('accepted');
    }));

  test('an answer is replayed until 23:59:59 and forgotten at 24:00:01, though nothing has swept it', () =>
    house((room) => {
      sendUnder(room, under(KEY));
      room.now = START + DAY - SECOND;
      expect(sendUnder(room, under(KEY)).kind).toBe('replayed');
      room.now = START + DAY + SECOND;
      expect(sendUnder(room, under(KEY)).kind).toBe('accepted');
      expect(sendUnder(room, under(KEY)).kind).toBe('replayed');
    }));

  test('a refused send leaves the key free for the corrected one', () =>
    house((room) => {
      const bad = { kind: 'refused', refusal: { code: 'validation_error', message: 'No.' } } as const;
      expect(room.send([bad], { door: under(KEY) }).kind).toBe('refused');
      expect(sendUnder(room, under(OTHER)).kind).toBe('accepted');
    }));

  test('a permissive batch is replayed with its errors', () =>
    house((room) => {
      const bad = { kind: 'refused', refusal: { code: 'validation_error', message: 'No.' } } as const;
      const call = { mode: 'permissive', door: under(KEY) } as const;
      const first = room.send([room.email(), bad], call);
      expect(bodyOf(room.send([room.email(), bad], call))).toEqual(bodyOf(first));
      expect(bodyOf(first)).toMatchObject({ errors: [{ index: 1, message: 'No.' }] });
    }));
}

function reservations(house: LendHouse): void {
  test('a reserved key refuses everybody else until the holder accepts', () =>
    house((room) => {
      expect(room.room.admit({ door: under(KEY, 'mine'), now: room.now }).kind).toBe('admitted');
      expect(room.room.admit({ door: under(KEY, 'theirs'), now: room.now })).toMatchObject(CONCURRENT);
      expect(sendUnder(room, under(KEY))).toMatchObject(CONCURRENT);
      expect(sendUnder(room, admitted('mine')).kind).toBe('accepted');
      expect(sendUnder(room, under(KEY)).kind).toBe('replayed');
    }));

  test('a reservation ends after 60 seconds, and its late holder is fenced off', () =>
    house((room) => {
      room.room.admit({ door: under(KEY, 'dead'), now: room.now });
      room.now = START + 59 * SECOND;
      expect(sendUnder(room, under(KEY))).toMatchObject(CONCURRENT);
      room.now = START + 60 * SECOND;
      expect(room.room.admit({ door: under(KEY, 'heir'), now: room.now }).kind).toBe('admitted');
      expect(sendUnder(room, admitted('dead'))).toMatchObject(CONCURRENT);
      expect(sendUnder(room, admitted('heir')).kind).toBe('accepted');
      expect(sendUnder(room, admitted('dead'))).toMatchObject(CONCURRENT);
    }));

  test('a released reservation is free at once; another token releases nothing', () =>
    house((room) => {
      const { key, endpoint } = KEY;
      room.room.admit({ door: under(KEY, 'mine'), now: room.now });
      room.room.release({ key, endpoint, reserved: 'theirs' });
      expect(sendUnder(room, under(KEY))).toMatchObject(CONCURRENT);
      room.room.release({ key, endpoint, reserved: 'mine' });
      expect(sendUnder(room, under(OTHER)).kind).toBe('accepted');
    }));

  test('a refusal after the reservation gives the key back', () =>
    house((room) => {
      room.room.admit({ door: under(KEY, 'mine'), now: room.now });
      const bad = { kind: 'refused', refusal: { code: 'validation_error', message: 'No.' } } as const;
      expect(room.send([bad], { door: admitted('mine') }).kind).toBe('refused');
      expect(sendUnder(room, under(OTHER)).kind).toBe('accepted');
    }));

  test('an admitted request without a reservation is decided when it accepts', () =>
    house((room) => {
      const door = { key: { id: null, permission: 'full_access', domain: null }, idempotency: KEY } as const;
      expect(sendUnder(room, door).kind).toBe('accepted');
      expect(sendUnder(room, door).kind).toBe('replayed');
      expect(sendUnder(room, { ...door, idempotency: OTHER })).toMatchObject(DIFFERENT);
    }));
}
