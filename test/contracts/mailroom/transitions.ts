import { describe, expect, test } from 'vitest';
import { RETRY_DELAYS_MS } from '../../../src/mailroom/backoff.ts';
import type { LendHouse } from '../mailroom.ts';
import { back, bounced, deferred, HOUR, MINUTE, ownFailure, reply, SECOND, SENT, START } from './house.ts';

export function transitionsContract(house: LendHouse): void {
  describe('settle', () => {
    endings(house);
    deferrals(house);
    expiry(house);
  });
}

function endings(house: LendHouse): void {
  test('transition 6: a refusal of our own before RCPT is failed, not bounced', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), ownFailure('smtputf8_unsupported'));
      expect(room.recipient(id)).toMatchObject({
        state: 'failed',
        reason: 'smtputf8_unsupported',
        smtp: null,
      });
      expect(room.eventTypes(id)).toEqual(['queued', 'failed']);
      expect(room.read(id).lastEvent).toBe('failed');
    }));

  test('transition 7: a permanent refusal at RCPT is a bounce with the reply and its class', () =>
    house((room) => {
      const id = room.accepted();
      const response = '550 5.1.1 user unknown';
      room.settle(room.claimed(), bounced(response));
      expect(room.recipient(id)).toMatchObject({
        state: 'failed',
        reason: 'user_unknown',
        smtp: reply(response),
      });
      expect(room.events(id).at(-1)).toMatchObject({
        type: 'email.bounced',
        recipient: 'ann@example.org',
        attempt: 1,
        relay: 'first',
        phase: 'rcpt',
        smtp: reply(response),
        nextAttemptAt: null,
        reason: 'user_unknown',
        bounce: { type: 'Permanent', subType: 'NoEmail', diagnosticCode: [`smtp; ${response}`] },
      });
      expect(room.read(id).lastEvent).toBe('bounced');
    }));

  test('transition 10: 2xx to the dot is sent, with the reply', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      expect(room.settle(claim, SENT)).toBe('settled');
      expect(room.recipient(id)).toMatchObject({ state: 'sent', dueAt: null, reason: null, attempts: 1 });
      expect(room.events(id).at(-1)).toMatchObject({ type: 'email.sent', phase: 'dot', smtp: { code: 250 } });
      expect(room.read(id).lastEvent).toBe('sent');
    }));

  test('transition 12: 5xx to the dot is failed', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      room.settle(claim, bounced('554 5.7.1 spam', { phase: 'dot', reason: 'policy' }));
      expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'policy' });
      expect(room.events(id).at(-1)).toMatchObject({ type: 'email.bounced', phase: 'dot' });
    }));

  test('each recipient of an attempt is settled by its own reply, and the worst speaks for the mail', () =>
    house((room) => {
      const id = room.accepted(['a@example.org', 'b@example.org', 'c@example.org']);
      const { attemptId } = room.claimed();
      const outcomes = [
        { recipient: 0, outcome: SENT },
        { recipient: 1, outcome: bounced('550 5.1.1 no such user') },
        { recipient: 2, outcome: deferred('450 4.2.0 later') },
      ];
      room.room.settle({ attemptId, now: room.now, outcomes });
      expect(room.read(id).recipients.map(({ state }) => state)).toEqual(['sent', 'failed', 'deferred']);
      expect(room.read(id).lastEvent).toBe('delivery_delayed');
      room.now += HOUR;
      room.settle(room.claimed(), SENT);
      expect(room.read(id).lastEvent).toBe('bounced');
    }));
}

function deferrals(house: LendHouse): void {
  test('transition 8: a temporary refusal at RCPT is deferred by the schedule', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      const dueAt = START + 30 * SECOND;
      expect(room.recipient(id)).toMatchObject({
        state: 'deferred',
        dueAt,
        reason: 'temporary',
        smtp: { code: 450 },
      });
      expect(room.events(id).at(-1)).toMatchObject({
        type: 'email.delivery_delayed',
        smtp: { code: 450 },
        nextAttemptAt: dueAt,
      });
      expect(room.read(id).lastEvent).toBe('delivery_delayed');
    }));

  test('transition 11: 4xx to the dot is deferred', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      room.settle(claim, deferred('451 4.3.0 try again', { phase: 'dot' }));
      expect(room.recipient(id)).toMatchObject({ state: 'deferred', dueAt: START + 30 * SECOND });
    }));

  test('transition 14: a break before the dot is deferred, and raises no event', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred(null, { phase: 'data' }));
      expect(room.recipient(id)).toMatchObject({ state: 'deferred', reason: 'network', smtp: null });
      expect(room.eventTypes(id)).toEqual(['queued']);
      expect(room.read(id).lastEvent).toBe('delivery_delayed');
    }));

  test('the delay event is raised once per recipient, at its first deferral by a reply', () =>
    house((room) => {
      const id = room.accepted();
      for (const response of [null, '450 4.2.0 later', null, '451 4.2.0 later']) {
        room.settle(room.claimed(), deferred(response));
        room.now += 10 * HOUR;
      }
      expect(room.eventTypes(id)).toEqual(['queued', 'delivery_delayed']);
    }));

  test('the schedule is walked to its end: twelve attempts, then expired', () =>
    house(
      (room) => {
        const id = room.accepted();
        for (const delay of RETRY_DELAYS_MS) {
          room.settle(room.claimed(), deferred('450 4.2.0 later'));
          expect(room.recipient(id).dueAt).toBe(room.now + delay);
          room.now += delay;
        }
        room.settle(room.claimed(), deferred('450 4.2.0 later'));
        expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'expired', attempts: 12 });
      },
      { maxAgeMs: 120 * HOUR },
    ));

  test('transition 18: what concerns the relay puts the recipient back as it was, uncounted', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      const before = room.recipient(id);
      room.now += HOUR;
      room.settle(room.claimed(), back());
      expect(room.recipient(id)).toEqual({ ...before, dueAt: room.now + 10 * MINUTE });
      expect(room.eventTypes(id)).toEqual(['queued', 'delivery_delayed']);
    }));

  test('transition 18: a relay that gives mail back does not keep it from the next one', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), back({ elsewhere: true }));
      expect(room.recipient(id)).toMatchObject({ state: 'queued', dueAt: START, attempts: 0 });
      room.settle(room.claimed({ relay: 'second', unbound: false }), back({ elsewhere: true }));
      expect(room.recipient(id)).toMatchObject({ state: 'queued', dueAt: START + 10 * MINUTE, attempts: 0 });
      room.now += 10 * MINUTE;
      expect(room.claims({ relay: 'first', unbound: false })).toHaveLength(1);
    }));
}

function expiry(house: LendHouse): void {
  test('transition 17: beyond its maximum age a recipient is failed as expired, a transient bounce with the last reply', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred('452 4.2.2 mailbox full'));
      room.now = START + 48 * HOUR;
      expect(room.claims()).toEqual([]);
      expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'expired', smtp: { code: 452 } });
      expect(room.events(id).at(-1)).toMatchObject({
        type: 'email.bounced',
        reason: 'expired',
        smtp: { code: 452 },
        bounce: {
          type: 'Transient',
          subType: 'MailboxFull',
          diagnosticCode: ['smtp; 452 4.2.2 mailbox full'],
        },
      });
      expect(room.read(id).lastEvent).toBe('bounced');
    }));

  test('transition 17: expiry without any reply says that nothing is known', () =>
    house((room) => {
      const id = room.accepted();
      room.settle(room.claimed(), deferred(null));
      room.now = START + 48 * HOUR;
      expect(room.room.recover({ now: room.now, all: false })).toBe(1);
      expect(room.events(id).at(-1)).toMatchObject({
        type: 'email.bounced',
        bounce: { type: 'Undetermined' },
      });
    }));

  test('transition 17: age counts while a relay is held and nothing is claimed', () =>
    house((room) => {
      const id = room.accepted();
      expect(room.room.recover({ now: START + 48 * HOUR - 1, all: false })).toBe(0);
      expect(room.room.recover({ now: START + 48 * HOUR, all: false })).toBe(1);
      expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'expired' });
    }));

  test('transition 17: a failure that comes after the age is the last', () =>
    house((room) => {
      const id = room.accepted();
      const claim = room.claimed();
      room.now = START + 48 * HOUR;
      room.settle(claim, deferred('450 4.2.0 later'));
      expect(room.recipient(id)).toMatchObject({ state: 'failed', reason: 'expired' });
    }));

  test('the age of a scheduled mail begins when it is due', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: START + 240 * HOUR });
      room.now = START + 287 * HOUR;
      expect(room.room.recover({ now: room.now, all: false })).toBe(0);
      expect(room.claimed().email.id).toBe(id);
    }));
}
