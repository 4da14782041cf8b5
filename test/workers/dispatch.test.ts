import { describe, expect, test } from 'vitest';
import { openSqlite } from '../../src/platform/node/sqlite.ts';
import { Dispatch } from '../../src/platform/workers/dispatch.ts';
import { House } from '../contracts/mailroom/house.ts';

const MINUTE_MS = 60_000;

function started({ mails = 0, shards = 1 }: { readonly mails?: number; readonly shards?: number } = {}) {
  const house = new House(openSqlite(':memory:'));
  for (let count = 0; count < mails; count++) house.accepted([`n${count}@there.example`]);
  const relays = [
    { name: 'first', connections: 2 },
    { name: 'second', connections: 2 },
  ];
  return { house, now: house.now, dispatch: new Dispatch({ room: house.room, relays, shards }) };
}

describe('claims', () => {
  test('a relay gets what its connections and a short queue can take, and not more until one is finished', () => {
    const { dispatch, now } = started({ mails: 20 });
    const first = dispatch.claim(now);
    expect(first.map(({ relay }) => relay)).toEqual(Array.from({ length: 6 }, () => 'first'));
    expect(dispatch.claim(now)).toEqual([]);
    dispatch.finished({ relay: 'first', shard: 0, closedUntil: 0 });
    expect(dispatch.claim(now)).toHaveLength(1);
  });

  test('the shards of a relay get the same share', () => {
    const { dispatch, now } = started({ mails: 20, shards: 3 });
    const shards = dispatch.claim(now).map(({ shard }) => shard);
    expect(shards).toHaveLength(18);
    for (const shard of [0, 1, 2]) expect(shards.filter((one) => one === shard)).toHaveLength(6);
  });

  test('the next relay stands in for one that is closed, until it opens again', () => {
    const { dispatch, house, now } = started({ mails: 1 });
    expect(dispatch.claim(now)).toHaveLength(1);
    dispatch.finished({ relay: 'first', shard: 0, closedUntil: now + MINUTE_MS });
    house.accepted();
    expect(dispatch.claim(now).map(({ relay }) => relay)).toEqual(['second']);
    house.accepted();
    expect(dispatch.claim(now + MINUTE_MS).map(({ relay }) => relay)).toEqual(['first']);
  });
});

describe('the next look', () => {
  test('there is none while there is nothing to do', () => {
    const { dispatch, now } = started();
    expect(dispatch.nextLook(now)).toBeNull();
  });

  test('it is now for what is due, and never in a circle when that cannot be claimed', () => {
    const { dispatch, now } = started({ mails: 20 });
    expect(dispatch.nextLook(now)).toBe(now);
    dispatch.claim(now);
    dispatch.claim(now);
    expect(dispatch.nextLook(now)).toBeGreaterThan(now);
    dispatch.finished({ relay: 'first', shard: 0, closedUntil: 0 });
    expect(dispatch.nextLook(now)).toBe(now);
  });

  test('new mail is looked at only when some relay has room for it', () => {
    const { dispatch, house, now } = started({ mails: 20 });
    dispatch.claim(now);
    dispatch.claim(now);
    house.accepted();
    dispatch.news(now);
    // The second relay has room, though the mail is for the first: one look too many, and then quiet again.
    expect(dispatch.nextLook(now)).toBe(now);
    expect(dispatch.claim(now)).toEqual([]);
    expect(dispatch.nextLook(now)).toBeGreaterThan(now);
  });

  test('it is the opening of a relay when all are closed, whatever waits for them', () => {
    const { dispatch, house, now } = started({ mails: 1 });
    dispatch.claim(now);
    dispatch.finished({ relay: 'first', shard: 0, closedUntil: now + 10 * MINUTE_MS });
    house.accepted();
    expect(dispatch.claim(now).map(({ relay }) => relay)).toEqual(['second']);
    dispatch.finished({ relay: 'second', shard: 0, closedUntil: now + 5 * MINUTE_MS });
    house.accepted();
    expect(dispatch.claim(now)).toEqual([]);
    expect(dispatch.nextLook(now)).toBeLessThanOrEqual(now + 5 * MINUTE_MS);
    expect(dispatch.nextLook(now)).toBeGreaterThan(now);
  });
});
