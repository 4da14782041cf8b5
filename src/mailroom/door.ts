import { badKey, rateExceeded, sendOnlyKey } from '../../schemas/refusal.ts';
import { checkKey, reserveKey } from './idempotency.ts';
import { findKey } from './keys.ts';
import type { Admission, AdmittedKey, Door, InnerDoor, RateState } from './mailroom.ts';
import { strangersRate } from './rate.ts';
import type { Room } from './room.ts';

const OPERATOR: AdmittedKey = { id: null, permission: 'full_access', domain: null };

/**
 * Key, rate, permission, idempotency: the order of wire-contract.md §2.3, first failure wins. A stranger is turned away
 * before the account's rate is touched, or anybody could use it up.
 */
export function passDoor(
  room: Room,
  { door, now }: { readonly door: Door | InnerDoor; readonly now: number },
): Admission {
  if ('key' in door) return passInnerDoor(room, { door, key: door.key, rate: room.rate.peek(now), now });
  const { config } = room;
  const key = keyOf(room, { door, now });
  if (key === null) return { kind: 'refused', rate: strangersRate(config.rateLimit), refusal: badKey() };
  const { allowed, state: rate } = room.rate.take(now);
  if (!allowed)
    return { kind: 'refused', rate, refusal: rateExceeded(config.rateLimit, rate?.resetSeconds ?? 1) };
  if (door.scope === 'full' && key.permission !== 'full_access') {
    return { kind: 'refused', rate, refusal: sendOnlyKey() };
  }
  return passInnerDoor(room, { door, key, rate, now });
}

/** What is left to decide once somebody is in: whether this request was answered before, or is being answered. */
function passInnerDoor(
  { sql }: Room,
  {
    door,
    key,
    rate,
    now,
  }: {
    readonly door: Pick<Door, 'idempotency' | 'reserve'>;
    readonly key: AdmittedKey;
    readonly rate: RateState | null;
    readonly now: number;
  },
): Admission {
  if (door.idempotency !== undefined) {
    const check = checkKey({ sql, claim: door.idempotency, now });
    if (check.kind === 'refused') return { kind: 'refused', rate, refusal: check.refusal };
    if (check.kind === 'replay') return { kind: 'replayed', rate, answer: check.answer };
    if (door.reserve !== undefined) reserveKey({ sql, claim: door.idempotency, token: door.reserve, now });
  }
  return { kind: 'admitted', rate, key };
}

function keyOf(
  { sql }: Room,
  { door, now }: { readonly door: Door; readonly now: number },
): AdmittedKey | null {
  const { credential } = door;
  switch (credential.kind) {
    case 'operator':
      return OPERATOR;
    case 'key':
      return findKey({ sql, id: credential.id, hash: credential.hash, now });
  }
}
