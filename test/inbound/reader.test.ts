import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostLine } from '../../src/due/host.ts';
import type { Outcome } from '../../src/inbound/read-arrival.ts';
import type { ReadMailOf } from '../../src/inbound/read-claim.ts';
import { Reader } from '../../src/inbound/reader.ts';
import { LARGE_MAIL_BYTES } from '../../src/mailroom/mail-size.ts';
import type { Async, Mailroom } from '../../src/mailroom/mailroom.ts';
import { arrival as newArrival, readMail } from '../contracts/mailroom/inbox-house.ts';
import { House, NOON } from '../support/house.ts';

const READ: Outcome = { kind: 'read', mail: readMail(), forwards: [], body: null };

/** A reading that ends when it is told to. */
interface Waiting {
  readonly id: string;
  readonly account: string;
  readonly signal: AbortSignal;
  end(outcome: Outcome): void;
}

let house: House;
let reader: Reader;
let waiting: Waiting[];
let log: HostLine[];
let finished: string[];

beforeEach(() => {
  house = new House({ accounts: ['default', 'other'] });
  waiting = [];
  log = [];
  finished = [];
});

const read: ReadMailOf = ({ account, claim }, signal) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'withdrawn' }));
    waiting.push({ id: claim.id, account, signal, end: resolve });
  });

async function open(atOnce = 4, rooms: Partial<Async<Mailroom>> = {}): Promise<void> {
  reader = new Reader({
    rooms: {
      names: () => house.names(),
      room: async (account) => {
        const room = await house.room(account);
        return room === null ? null : { ...room, ...rooms };
      },
    },
    host: { now: house.clock.now, after: house.clock.after, log: (line) => void log.push(line) },
    read,
    atOnce,
    finished: (account) => void finished.push(account),
  });
  reader.start();
  await house.clock.quiet();
}

function arrive(count = 1, account = 'default', rawSize = 4711): readonly string[] {
  return Array.from({ length: count }, () => {
    const id = randomUUID();
    const arrival = newArrival({ newId: randomUUID } as never, { id, rawKey: `t/${account}/${id}`, rawSize });
    house.mailroom(account).receive({ arrival, now: house.clock.now() });
    return id;
  });
}

async function end(outcome: Outcome, count = waiting.length): Promise<void> {
  for (const one of waiting.splice(0, count)) one.end(outcome);
  await house.clock.quiet();
}

const dueAt = (account = 'default') => house.mailroom(account).nextArrivalDue({ now: NOON });

describe('the reader', () => {
  it('reads what was there when it began, and what comes when it is woken', async () => {
    const [first] = arrive();
    await open();
    expect(waiting.map(({ id }) => id)).toEqual([first]);
    await end(READ);
    expect(dueAt()).toBeNull();
    const [second] = arrive();
    expect(waiting).toEqual([]);
    reader.wake('default');
    await house.clock.quiet();
    expect(waiting.map(({ id }) => id)).toEqual([second]);
    await end(READ);
    expect(finished).toEqual(['default', 'default']);
  });

  it('has so many mails at once and no more, and goes on when one of them ends', async () => {
    arrive(6);
    await open(4);
    expect(waiting).toHaveLength(4);
    await end(READ, 1);
    expect(waiting).toHaveLength(4);
    await end(READ, 4);
    await end(READ);
    expect(dueAt()).toBeNull();
  });

  it('leaves no account waiting behind another that has much', async () => {
    arrive(50);
    arrive(1, 'other');
    await open(9);
    while (!waiting.some(({ account }) => account === 'other')) await end(READ);
    expect(dueAt()).not.toBeNull();
  });

  it('reads small mail of any account while large mail of any account has all the places that large mail gets', async () => {
    arrive(50, 'default', LARGE_MAIL_BYTES);
    arrive(50, 'other', LARGE_MAIL_BYTES);
    await open(4);
    expect(waiting).toHaveLength(4);
    for (const account of ['default', 'other']) {
      const [small] = arrive(1, account);
      reader.wake(account);
      await house.clock.quiet();
      expect(waiting.at(-1)).toMatchObject({ id: small, account });
      waiting.pop()?.end(READ);
      await house.clock.quiet();
      expect(waiting).toHaveLength(4);
    }
  });

  it('asks nobody again and again for large mail that has to wait, and gives all of it back at a stop', async () => {
    arrive(50, 'default', LARGE_MAIL_BYTES);
    let asked = 0;
    await open(4, {
      claimArrivals: async (call) => {
        asked += 1;
        return house.mailroom().claimArrivals(call);
      },
    });
    asked = 0;
    await house.clock.advance(29_000);
    expect(asked).toBeLessThan(5);
    const stopped = reader.stop(0);
    await house.clock.advance(0);
    await stopped;
    const now = house.clock.now() + 10_000;
    expect(house.mailroom().claimArrivals({ now, limit: 99, leaseMs: 1_000 }).claims).toHaveLength(50);
  });

  it('finds what nobody told it of', async () => {
    await open();
    arrive();
    await house.clock.advance(30_000);
    expect(waiting).toHaveLength(1);
  });

  it('reads again what was withdrawn, uncounted, and tells what failed twice as far as it is known', async () => {
    const [id = ''] = arrive();
    await open();
    for (let time = 0; time < 3; time++) {
      await end({ kind: 'withdrawn' });
      expect(waiting).toEqual([]);
      await house.clock.advance(10_000);
    }
    await end({ kind: 'failed', cause: 'heap' });
    await house.clock.advance(10_000);
    await end({ kind: 'failed', cause: 'heap' });
    await house.clock.advance(60_000);
    expect(waiting).toEqual([]);
    expect(dueAt()).toBeNull();
    expect(house.mailroom().receivedEmail({ id })?.parse).toBe('limited');
    expect(log.filter(({ event }) => event === 'mail_read').map(({ outcome }) => outcome)).toEqual([
      'withdrawn',
      'withdrawn',
      'withdrawn',
      'failed',
      'failed',
    ]);
  });

  it('tries to write what it has read until the lease ends', async () => {
    let isDown = true;
    arrive();
    await open(4, {
      settleArrival: async (call) => {
        if (isDown) throw new Error('disk full');
        return house.mailroom().settleArrival(call);
      },
    });
    await end(READ);
    await house.clock.advance(5_000);
    isDown = false;
    await house.clock.advance(10_000);
    expect(dueAt()).toBeNull();
    expect(log.find(({ event }) => event === 'mail_read')).toMatchObject({ written: 'settled' });
  });

  it('waits at a stop, then breaks off, and what it broke off is as if it had never been claimed', async () => {
    arrive(2);
    await open();
    const stopped = reader.stop(3_000);
    await house.clock.advance(1_000);
    await end(READ, 1);
    expect(waiting).toHaveLength(1);
    await house.clock.advance(2_000);
    await stopped;
    expect(waiting[0]?.signal.aborted).toBe(true);
    expect(dueAt()).toBeGreaterThan(NOON);
    reader.wake('default');
    await house.clock.advance(60_000);
    expect(waiting).toHaveLength(1);
  });

  it('asks again later when a room cannot be read', async () => {
    let isDown = true;
    arrive();
    await open(4, {
      claimArrivals: async (call) => {
        if (isDown) throw new Error('locked');
        return house.mailroom().claimArrivals(call);
      },
    });
    // Of two accounts, for small mail and for large.
    expect(log.map(({ event }) => event)).toEqual(new Array(4).fill('mail_claim_failed'));
    isDown = false;
    await house.clock.advance(30_000);
    expect(waiting).toHaveLength(1);
  });
});
