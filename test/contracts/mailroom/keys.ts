import { describe, expect, test } from 'vitest';
import type { Admission, Door } from '../../../src/mailroom/mailroom.ts';
import type { NewApiKey } from '../../../src/mailroom/records.ts';
import type { LendHouse } from '../mailroom.ts';
import { type House, MINUTE, OPERATOR, SECOND, START } from './house.ts';

const HASH = 'a'.repeat(64);

function makeKey(room: House, change: Partial<NewApiKey> = {}): NewApiKey {
  const id = room.newId();
  const publicId = `pub${id.slice(-9)}`;
  const key = {
    id,
    publicId,
    hash: HASH,
    name: 'CI',
    permission: 'full_access',
    domain: null,
    ...change,
  } as const;
  expect(room.room.createApiKey({ key, now: room.now }).ok).toBe(true);
  return key;
}

function knock(room: House, credential: Door['credential'], scope: Door['scope'] = 'sending'): Admission {
  return room.room.admit({ door: { credential, scope }, now: room.now });
}

const holder = ({ publicId }: NewApiKey, hash = HASH): Door['credential'] => ({
  kind: 'key',
  id: publicId,
  hash,
});
const INVALID = { kind: 'refused', refusal: { code: 'invalid_api_key', message: 'API key is invalid' } };

export function keysContract(house: LendHouse): void {
  describe('keys and the door', () => {
    admission(house);
    rate(house);
    management(house);
  });
}

function admission(house: LendHouse): void {
  test('a key is admitted with what it may do', () =>
    house((room) => {
      const key = makeKey(room, { permission: 'sending_access', domain: 'mine.example' });
      expect(knock(room, holder(key))).toEqual({
        kind: 'admitted',
        rate: null,
        key: { id: key.id, permission: 'sending_access', domain: 'mine.example' },
      });
      expect(knock(room, OPERATOR.credential, 'full')).toMatchObject({ kind: 'admitted', key: { id: null } });
    }));

  test('threats §9 r2: a known public part with the hash of another key is refused', () =>
    house((room) => {
      expect(knock(room, holder(makeKey(room), 'b'.repeat(64)))).toMatchObject(INVALID);
      expect(knock(room, holder(makeKey(room), HASH.slice(1)))).toMatchObject(INVALID);
    }));

  test('threats §9 r3: unknown, wrong and revoked keys get one and the same answer, at once', () =>
    house((room) => {
      const key = makeKey(room);
      const wrong = knock(room, holder(key, 'b'.repeat(64)));
      const unknown = knock(room, { kind: 'key', id: 'nobody', hash: HASH });
      expect(room.room.removeApiKey({ id: key.id }).ok).toBe(true);
      expect([unknown, knock(room, holder(key))]).toEqual([wrong, wrong]);
    }));

  test('threats §9 r4: a sending key is restricted to sending', () =>
    house((room) => {
      const key = makeKey(room, { permission: 'sending_access' });
      expect(knock(room, holder(key), 'sending').kind).toBe('admitted');
      expect(knock(room, holder(key), 'full')).toMatchObject({
        kind: 'refused',
        refusal: {
          code: 'restricted_api_key',
          message: 'This API key is restricted to only send emails',
        },
      });
    }));

  test('threats §9 r4: a key bound to one domain may not send from another, by header or by envelope', () =>
    house((room) => {
      const door: Door = { credential: holder(makeKey(room, { domain: 'mine.example' })), scope: 'sending' };
      const refusal = {
        code: 'domain_refused',
        message: 'This API key is not allowed to send from the `other.example` domain.',
      };
      const other = room.email(undefined, { fromDomain: 'other.example', sender: 'x@other.example' });
      const envelope = room.email(undefined, { sender: 'x@other.example' });
      expect(room.send([other], { door })).toMatchObject({ kind: 'refused', refusal });
      expect(room.send([envelope], { door })).toMatchObject({ kind: 'refused', refusal });
      expect(room.send([room.email()], { door }).kind).toBe('accepted');
    }));
}

function rate(house: LendHouse): void {
  test('the window counts the account, whatever key is used, and says when it is over', () =>
    house(
      (room) => {
        const one = holder(makeKey(room));
        expect(knock(room, one)).toMatchObject({ rate: { limit: 2, remaining: 1, resetSeconds: 1 } });
        expect(knock(room, OPERATOR.credential)).toMatchObject({ kind: 'admitted', rate: { remaining: 0 } });
        expect(knock(room, one)).toMatchObject({
          kind: 'refused',
          rate: { remaining: 0 },
          refusal: { code: 'rate_limit_exceeded', retryAfterSeconds: 1 },
        });
        room.now += SECOND;
        expect(knock(room, one).kind).toBe('admitted');
      },
      { rateLimit: 2 },
    ));

  test('a stranger cannot use the rate up, and learns nothing of it', () =>
    house(
      (room) => {
        expect(knock(room, OPERATOR.credential).kind).toBe('admitted');
        for (let times = 0; times < 5; times++) {
          expect(knock(room, { kind: 'key', id: 'x', hash: HASH })).toMatchObject({
            ...INVALID,
            rate: { remaining: 2 },
          });
        }
        expect(knock(room, OPERATOR.credential).kind).toBe('admitted');
      },
      { rateLimit: 2 },
    ));

  test('rate comes before permission, permission before idempotency', () =>
    house(
      (room) => {
        const credential = holder(makeKey(room, { permission: 'sending_access' }));
        expect(knock(room, credential, 'full')).toMatchObject({ refusal: { code: 'restricted_api_key' } });
        expect(knock(room, credential, 'full')).toMatchObject({ refusal: { code: 'rate_limit_exceeded' } });
      },
      { rateLimit: 1 },
    ));
}

function management(house: LendHouse): void {
  test('keys are listed newest first, all of them when no page is asked for', () =>
    house((room) => {
      const older = makeKey(room, { name: 'older' });
      room.now += SECOND;
      const newer = makeKey(room, { name: 'newer' });
      const all = room.room.apiKeys({ page: null });
      expect(all).toMatchObject({
        ok: true,
        value: { items: [{ id: newer.id }, { id: older.id }], hasMore: false },
      });
      const page = room.room.apiKeys({ page: { limit: 1, after: null, before: null } });
      expect(page).toMatchObject({ ok: true, value: { items: [{ id: newer.id }], hasMore: true } });
    }));

  test('a key remembers when it was used, at most once a minute', () =>
    house((room) => {
      const key = makeKey(room);
      const lastUsed = (): unknown => {
        const list = room.room.apiKeys({ page: null });
        return list.ok ? list.value.items[0]?.lastUsedAt : list;
      };
      expect(lastUsed()).toBeNull();
      knock(room, holder(key));
      expect(lastUsed()).toBe(START);
      room.now += MINUTE - 1;
      knock(room, holder(key));
      expect(lastUsed()).toBe(START);
      room.now += 1;
      knock(room, holder(key));
      expect(lastUsed()).toBe(START + MINUTE);
    }));

  test('a key is renamed and removed by its id; an unknown id is not found', () =>
    house((room) => {
      const { id } = makeKey(room);
      expect(room.room.renameApiKey({ id, name: 'renamed' })).toEqual({ ok: true, value: { id } });
      expect(room.room.apiKeys({ page: null })).toMatchObject({ value: { items: [{ name: 'renamed' }] } });
      expect(room.room.removeApiKey({ id })).toEqual({ ok: true, value: { id } });
      const gone = { ok: false, refusal: { code: 'not_found', message: 'API key not found' } };
      expect(room.room.removeApiKey({ id })).toEqual(gone);
      expect(room.room.renameApiKey({ id, name: 'x' })).toEqual(gone);
    }));

  test('a key that exists is not made twice', () =>
    house((room) => {
      const key = makeKey(room);
      expect(room.room.createApiKey({ key, now: room.now }).ok).toBe(false);
    }));
}
