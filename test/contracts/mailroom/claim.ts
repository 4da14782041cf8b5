import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import {
  back,
  COMPOSED,
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

export function claimContract(house: LendHouse): void {
  describe('claim', () => {
    taking(house);
    eachAlone(house);
    relays(house);
    dispatchChecks(house);
    dots(house);
  });
}

const claimedIds = (room: House, call?: Parameters<House['claims']>[0]): readonly string[] =>
  room.claims(call).map(({ email }) => email.id);

function taking(house: LendHouse): void {
  test('transition 4: a claim takes due recipients under a lease and counts the attempt', () =>
    house((room) => {
      const id = room.accepted(['ann@example.org', 'ben@example.org']);
      const claim = room.claimed();
      expect(claim).toMatchObject({
        leaseUntil: START + LEASE_MS,
        recipients: [
          { ordinal: 0, address: 'ann@example.org', simulation: null },
          { ordinal: 1, address: 'ben@example.org', simulation: null },
        ],
      });
      expect(claim.email.content).toEqual({ kind: 'inline', html: null, text: 'Hello' });
      expect(room.recipient(id)).toMatchObject({ state: 'claimed', attempts: 1, relay: 'first' });
      expect(room.read(id).lastEvent).toBe('queued');
    }));

  test('a recipient with an unsettled attempt is never taken again, lease over or not', () =>
    house((room) => {
      room.accepted();
      room.claimed();
      expect(room.claims()).toEqual([]);
      room.now += 2 * LEASE_MS;
      expect(room.claims()).toEqual([]);
    }));

  test('the longest due come first, and no more than asked for', () =>
    house((room) => {
      const late = room.accepted(undefined, { scheduledAt: START + 3 * SECOND });
      const soon = room.accepted(undefined, { scheduledAt: START + SECOND });
      const middle = room.accepted(undefined, { scheduledAt: START + 2 * SECOND });
      room.now += HOUR;
      expect(claimedIds(room, { limit: 2 })).toEqual([soon, middle]);
      expect(claimedIds(room, { limit: 2 })).toEqual([late]);
    }));

  test('only those recipients of a mail that are due go into an attempt', () =>
    house((room) => {
      room.accepted(['ann@example.org', 'ben@example.org']);
      const { attemptId } = room.claimed();
      room.room.settle({
        attemptId,
        now: room.now,
        outcomes: [
          { recipient: 0, outcome: SENT },
          { recipient: 1, outcome: deferred('450 4.2.0 later') },
        ],
      });
      expect(room.claims()).toEqual([]);
      room.now += HOUR;
      expect(room.claimed().recipients.map(({ ordinal }) => ordinal)).toEqual([1]);
    }));

  test('recipients of one mail that are due at different moments, or wait for different relays, go apart', () =>
    house((room) => {
      room.accepted(['a@example.org', 'b@example.org', 'c@example.org']);
      const { attemptId } = room.claimed();
      const outcomes = [
        { recipient: 0, outcome: deferred('450 4.2.0 later') },
        { recipient: 1, outcome: deferred('451 4.7.1 greylisted', { greylisted: true }) },
        { recipient: 2, outcome: deferred(null, { elsewhere: true }) },
      ];
      room.room.settle({ attemptId, now: room.now, outcomes });
      room.now += MINUTE;
      expect(room.claimed().recipients.map(({ ordinal }) => ordinal)).toEqual([0]);
      const second = room.claimed({ relay: 'second', unbound: false });
      expect(second.recipients.map(({ ordinal }) => ordinal)).toEqual([2]);
      room.now += 10 * MINUTE;
      expect(room.claimed().recipients.map(({ ordinal }) => ordinal)).toEqual([1]);
    }));

  test('the longest due come first, whichever relay they wait for', () =>
    house((room) => {
      const later = room.accepted(undefined, { scheduledAt: START + HOUR });
      const sooner = room.accepted();
      room.settle(room.claimed(), back({ elsewhere: true }));
      room.now += HOUR;
      expect(claimedIds(room, { relay: 'second', limit: 1 })).toEqual([sooner]);
      expect(claimedIds(room, { relay: 'second', limit: 1 })).toEqual([later]);
    }));

  test('transition 5: that a connection was opened needs nothing durable; the recipient stays where it was', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      expect(room.recipient(id).state).toBe('claimed');
      expect(room.dot(claim)).toBe(true);
      expect(room.recipient(id).state).toBe('sending');
    }));
}

function eachAlone(house: LendHouse): void {
  const THREE = ['ann@example.org', 'ben@example.org', 'cid@example.org'];
  const alone = (work: (room: House) => void) => house(work, { returnPaths: true });
  const ordinals = (room: House, call?: Parameters<House['claims']>[0]) =>
    room.claims(call).map(({ recipients }) => recipients.map(({ ordinal }) => ordinal));

  test('with return paths each recipient is claimed alone, under an attempt of its own', () =>
    alone((room) => {
      const id = room.accepted(THREE);
      const claims = room.claims();
      expect(claims.map(({ recipients }) => recipients.map(({ address }) => address))).toEqual(
        THREE.map((address) => [address]),
      );
      expect(new Set(claims.map(({ attemptId }) => attemptId)).size).toBe(3);
      const [first, second, third] = claims;
      if (first === undefined || second === undefined || third === undefined) throw new Error('three claims');
      expect([room.dot(first), room.dot(second)]).toEqual([true, true]);
      room.settle(first, SENT);
      room.settle(second, LOST);
      room.settle(third, deferred('451 4.3.0 Later'));
      expect(room.read(id).recipients.map(({ state }) => state)).toEqual(['sent', 'unknown', 'deferred']);
    }));

  test('with return paths the limit counts claims, and what is left over comes next', () =>
    alone((room) => {
      room.accepted(THREE);
      room.accepted(['dan@example.org']);
      expect(ordinals(room, { limit: 2 })).toEqual([[0], [1]]);
      expect(ordinals(room, { limit: 2 })).toEqual([[2], [0]]);
    }));

  test('with return paths a null sender stays one, so its recipients stay together', () =>
    alone((room) => {
      room.accepted(THREE, { sender: '' });
      expect(ordinals(room)).toEqual([[0, 1, 2]]);
    }));

  test('with return paths simulated recipients stay together: they go nowhere', () =>
    alone((room) => {
      const envelope = THREE.map((address) => ({ address, simulation: 'delivered' as const }));
      room.accepted(THREE, { envelope });
      expect(ordinals(room, { relay: 'simulated', unbound: false })).toEqual([[0, 1, 2]]);
    }));
}

function relays(house: LendHouse): void {
  test('an unbound mail goes to the relay that may take unbound ones, and to no other', () =>
    house((room) => {
      const id = room.accepted();
      expect(room.claims({ relay: 'second', unbound: false })).toEqual([]);
      expect(claimedIds(room, { relay: 'second', unbound: true })).toEqual([id]);
    }));

  test('after a failure before MAIL the next relay is tried at once, in order, then again by the schedule', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred(null, { elsewhere: true }));
      expect(room.recipient(id)).toMatchObject({ state: 'deferred', dueAt: START, attempts: 1 });
      expect(room.claims({ relay: 'first' })).toEqual([]);
      room.settle(room.claimed({ relay: 'second', unbound: false }), deferred(null, { elsewhere: true }));
      expect(room.recipient(id)).toMatchObject({ dueAt: START + 30 * SECOND, attempts: 2 });
      room.now += 30 * SECOND;
      expect(room.claims({ relay: 'second', unbound: false })).toEqual([]);
      expect(claimedIds(room, { relay: 'first', unbound: false })).toEqual([id]);
    }));

  test('a failure that is not before MAIL stays with no relay in particular', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      room.now += HOUR;
      expect(claimedIds(room, { relay: 'first', unbound: true })).toEqual([id]);
    }));

  test('mail that waits for a closed relay goes to the one that stands in for it', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred(null, { elsewhere: true }));
      expect(claimedIds(room, { relay: 'first', insteadOf: ['second'] })).toEqual([id]);
    }));

  test.each([
    ['the reply to the dot was lost', LOST, 24 * MINUTE],
    ['the dot was answered 4xx', deferred('450 4.2.0 later', { phase: 'dot', elsewhere: true }), MINUTE],
  ])('once %s, no other relay may have the recipient', (_, outcome, wait) =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      room.settle(claim, outcome);
      room.now += wait;
      expect(room.claims({ relay: 'second', insteadOf: ['first'] })).toEqual([]);
      room.settle(room.claimed({ relay: 'first', unbound: false }), deferred(null, { elsewhere: true }));
      room.now += HOUR;
      expect(room.claims({ relay: 'second', insteadOf: ['first'] })).toEqual([]);
      expect(claimedIds(room, { relay: 'first', unbound: false })).toEqual([id]);
    }),
  );

  test('mail that insists on TLS passes over a relay in the clear, as itself and as a stand-in', () =>
    house(
      (room) => {
        const id = room.accepted(undefined, { tls: 'enforced' });
        const plain = room.accepted();
        expect(claimedIds(room, { relay: 'first', insteadOf: ['second'] })).toEqual([plain]);
        room.settle(room.claimed({ relay: 'second', unbound: false }), deferred('450 4.2.0 later'));
        room.now += HOUR;
        expect(room.claims({ relay: 'first', insteadOf: ['second'] })).toEqual([]);
        expect(claimedIds(room, { relay: 'second', unbound: false })).toEqual([id]);
      },
      { clearRelays: ['first'] },
    ));

  test('simulated recipients are taken by nobody but the simulation', () =>
    house((room) => {
      const envelope = [{ address: 'delivered@resend.dev', simulation: 'delivered' }] as const;
      const id = room.accepted([], { envelope });
      expect(room.claims()).toEqual([]);
      expect(claimedIds(room, { relay: 'simulated', unbound: false })).toEqual([id]);
    }));
}

function dispatchChecks(house: LendHouse): void {
  test('a suppression that came after acceptance stops the mail at dispatch', () =>
    house((room) => {
      const id = room.accepted(['Ann@example.org', 'ben@example.org']);
      const entry = { id: room.newId(), address: 'ann@example.org', expiresAt: null, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      expect(room.claimed().recipients.map(({ ordinal }) => ordinal)).toEqual([1]);
      expect(room.recipient(id)).toMatchObject({ state: 'suppressed', dueAt: null, attempts: 0 });
      expect(room.eventTypes(id)).toEqual(['queued', 'queued', 'suppressed']);
    }));

  test('a domain that is no longer ours fails at dispatch', () =>
    house((room) => {
      const id = room.accepted();
      room.reopened({ domains: [{ id: 'x', name: 'other.example' }] });
      expect(room.claims()).toEqual([]);
      expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'domain_not_verified' });
      expect(room.events(id).at(-1)).toMatchObject({ type: 'email.failed', reason: 'domain_not_verified' });
      expect(room.read(id).lastEvent).toBe('failed');
    }));

  test('mail that insists on TLS fails when every relay is in the clear', () =>
    house(
      (room) => {
        const id = room.accepted(undefined, { tls: 'enforced' });
        expect(room.claims()).toEqual([]);
        expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'tls_required' });
        expect(room.events(id).at(-1)).toMatchObject({ type: 'email.failed', reason: 'tls_required' });
      },
      { clearRelays: ['first', 'second'] },
    ));

  test('a whole batch that ends at dispatch does not hide the work behind it', () =>
    house((room) => {
      for (let times = 0; times < 3; times++) room.accepted(['gone@example.org']);
      room.now += SECOND;
      const id = room.accepted();
      const entry = { id: room.newId(), address: 'gone@example.org', expiresAt: null, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      expect(claimedIds(room, { limit: 2 })).toEqual([id]);
    }));
}

function dots(house: LendHouse): void {
  test('transition 9: phase dot is stored for each accepted recipient, with what was composed', () =>
    house((room) => {
      const id = room.accepted(['ann@example.org', 'ben@example.org']);
      const { attemptId } = room.claimed();
      const call = { attemptId, recipients: [1], now: room.now, composed: COMPOSED };
      expect(room.room.markDot(call)).toBe(true);
      expect([0, 1].map((ordinal) => room.recipient(id, ordinal).state)).toEqual(['claimed', 'sending']);
      expect(room.read(id).composed).toEqual(COMPOSED);
    }));

  test('the dot is refused when the lease is over, for another attempt, for strangers, and a second time', () =>
    house((room) => {
      room.accepted();
      const claim = room.claimed();
      const { attemptId } = claim;
      const call = { attemptId, recipients: [0], now: room.now, composed: COMPOSED };
      expect(room.room.markDot({ ...call, recipients: [0, 1] })).toBe(false);
      expect(room.room.markDot({ ...call, recipients: [] })).toBe(false);
      expect(room.room.markDot({ ...call, attemptId: `${attemptId}x` })).toBe(false);
      expect(room.room.markDot({ ...call, attemptId: 'nonsense' })).toBe(false);
      expect(room.room.markDot({ ...call, now: claim.leaseUntil })).toBe(false);
      expect(room.room.markDot(call)).toBe(true);
      expect(room.room.markDot(call)).toBe(false);
    }));

  test.each([{ sha256: 'cd'.repeat(32) }, { size: 1 }, { version: 2 }])(
    'a retry whose bytes differ from the first time may not send its dot: %o',
    (change) =>
      house((room) => {
        const id = room.accepted();
        const first = room.claimed();
        room.dot(first);
        room.settle(first, deferred('450 4.2.0 later', { phase: 'dot' }));
        room.now += HOUR;
        const second = room.claimed();
        expect(room.dot(second, { ...COMPOSED, ...change })).toBe(false);
        expect(room.dot(second)).toBe(true);
        expect(room.read(id).composed).toEqual(COMPOSED);
      }),
  );

  test('an attempt that was given back leaves no trace but that the mail was once taken', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), back());
      expect(room.recipient(id)).toMatchObject({ state: 'queued', attempts: 0, dueAt: START + 10 * MINUTE });
      expect(room.eventTypes(id)).toEqual(['queued']);
    }));
}
