import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { bounced, DAY, HOUR, MINUTE, SECOND, SENT, START } from './house.ts';
import {
  addWebhook,
  answered,
  CALL_LEASE_MS,
  calls,
  OK,
  oneCall,
  payloadOf,
  sentMail,
  sentTo,
  settleCall,
  triesOf,
} from './webhook-house.ts';

export function deliveriesContract(house: LendHouse): void {
  describe('calls to webhooks', () => {
    causes(house);
    claiming(house);
  });
}

function causes(house: LendHouse): void {
  test('an event is handed to each webhook that asked for its type, and to no other', () =>
    house((room) => {
      const ids = [addWebhook(room), addWebhook(room)];
      addWebhook(room, { types: ['email.bounced', 'email.opened'] });
      sentMail(room);
      const made = calls(room);
      expect(made.map(({ webhookId }) => webhookId).toSorted()).toEqual(ids.toSorted());
      expect(new Set(made.map(({ eventId }) => eventId)).size).toBe(1);
      expect(made[0]?.eventId).toMatch(/^msg_[0-9a-f]{32}$/);
    }));

  test('one event per recipient: each is its own call', () =>
    house((room) => {
      addWebhook(room);
      room.accepted(['a@example.org', 'b@example.org']);
      room.settle(room.claimed(), SENT);
      expect(calls(room).map((call) => payloadOf(call).data['recipient'])).toEqual([
        'a@example.org',
        'b@example.org',
      ]);
    }));

  test('queued and canceled are never sent, whatever a webhook asks for', () =>
    house((room) => {
      const all = ['email.scheduled', 'email.sent', 'email.failed', 'email.suppressed'] as const;
      const id = addWebhook(room, { types: all });
      room.accepted();
      const mail = room.accepted(undefined, { scheduledAt: START + HOUR });
      room.room.cancel({ id: mail, now: room.now });
      expect(sentTo(room, id).map(({ type }) => type)).toEqual(['email.scheduled']);
      expect(room.eventTypes(mail)).toEqual(['scheduled', 'canceled']);
    }));

  test('a refused or rolled back request leaves no call behind', () =>
    house(
      (room) => {
        addWebhook(room, { types: ['email.scheduled'] });
        const good = room.email(undefined, { scheduledAt: START + HOUR });
        const bad = room.email(undefined, { fromDomain: 'foreign.example' });
        room.send([good, bad], { mode: 'strict' });
        expect(calls(room)).toEqual([]);
      },
      { domains: [{ id: 'd', name: 'mine.example' }] },
    ));

  test('a call that is claimed carries what is needed to make it, and nothing else does', () =>
    house((room) => {
      const id = addWebhook(room, { sealedSecret: 'sealed' });
      sentMail(room);
      expect(oneCall(room)).toEqual({
        claimId: expect.any(String),
        webhookId: id,
        endpoint: 'https://hooks.example.com/in',
        eventId: sentTo(room, id)[0]?.id,
        payload: expect.any(String),
        attempt: 1,
        sealedSecrets: ['sealed'],
        leaseUntil: START + CALL_LEASE_MS,
      });
    }));
}

function claiming(house: LendHouse): void {
  test('of one webhook two calls are under way at most, the longest waiting first', () =>
    house((room) => {
      addWebhook(room);
      for (let times = 0; times < 4; times++) {
        room.now += SECOND;
        sentMail(room);
      }
      const first = calls(room);
      expect(first.map((call) => payloadOf(call).created_at)).toEqual(
        [1, 2].map((n) => new Date(START + n * SECOND).toISOString()),
      );
      expect(calls(room)).toEqual([]);
      if (first[0] !== undefined) settleCall(room, first[0], OK);
      expect(calls(room)).toHaveLength(1);
    }));

  test('webhooks take turns, and one that fails comes last and gets one call at a time', () =>
    house((room) => {
      const bad = addWebhook(room);
      sentMail(room);
      settleCall(room, oneCall(room), answered(500));
      const good = addWebhook(room);
      for (let times = 0; times < 3; times++) sentMail(room);
      room.now += MINUTE;
      expect(calls(room, 1).map(({ webhookId }) => webhookId)).toEqual([good]);
      expect(calls(room, 1).map(({ webhookId }) => webhookId)).toEqual([good]);
      expect(calls(room).map(({ webhookId }) => webhookId)).toEqual([bad]);
    }));

  test('a webhook that hangs with a long backlog is never in front of another', () =>
    house((room) => {
      const slow = addWebhook(room);
      for (let times = 0; times < 50; times++) sentMail(room);
      expect(calls(room).map(({ webhookId }) => webhookId)).toEqual([slow, slow]);
      const quick = addWebhook(room);
      sentMail(room);
      for (let times = 0; times < 3; times++) sentMail(room);
      for (let times = 0; times < 2; times++) {
        const now = calls(room);
        expect(now.map(({ webhookId }) => webhookId)).toEqual([quick, quick]);
        for (const call of now) settleCall(room, call, OK);
      }
    }));

  test('no more is claimed than was asked for', () =>
    house((room) => {
      for (let times = 0; times < 5; times++) addWebhook(room);
      sentMail(room);
      sentMail(room);
      expect([calls(room, 3), calls(room, 3), calls(room)].map(({ length }) => length)).toEqual([3, 3, 4]);
    }));

  test('what is under a lease is nobody else\u2019s until it ends; then it is due again, uncounted, with the same id and bytes', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      const first = oneCall(room);
      room.now += CALL_LEASE_MS - 1;
      expect(calls(room)).toEqual([]);
      expect(room.room.nextDeliveryDue({ now: room.now })).toBe(START + CALL_LEASE_MS);
      room.now += 1;
      const second = oneCall(room);
      expect(second).toMatchObject({ eventId: first.eventId, payload: first.payload, attempt: 1 });
      expect(settleCall(room, first, OK)).toEqual({ kind: 'stale' });
      expect(settleCall(room, second, OK)).toEqual({ kind: 'settled', status: 'success', disabled: null });
      expect(triesOf(room, id, first.eventId)).toHaveLength(1);
    }));

  test('after a crash every lease is void at once', () =>
    house((room) => {
      addWebhook(room);
      sentMail(room);
      const { eventId } = oneCall(room);
      room.reopened();
      expect(room.room.recover({ now: room.now, all: true })).toBe(1);
      expect(oneCall(room).eventId).toBe(eventId);
    }));

  test('a call that was withdrawn is due at once and leaves no trace', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      expect(settleCall(room, oneCall(room), { kind: 'withdrawn' })).toMatchObject({ status: 'pending' });
      expect(sentTo(room, id)).toMatchObject([{ status: 'pending', nextAttemptAt: null }]);
      const call = oneCall(room);
      expect(call.attempt).toBe(1);
      expect(triesOf(room, id, call.eventId)).toEqual([]);
    }));

  test('a claim says when to look again, and so does the room', () =>
    house((room) => {
      addWebhook(room);
      const look = () => room.room.claimDeliveries({ now: room.now, limit: 10, leaseMs: CALL_LEASE_MS });
      expect(look()).toEqual({ claims: [], nextAt: null });
      sentMail(room);
      expect(room.room.nextDeliveryDue({ now: room.now })).toBe(START);
      const { claims, nextAt } = look();
      expect([claims.length, nextAt]).toEqual([1, START + CALL_LEASE_MS]);
      if (claims[0] !== undefined) settleCall(room, claims[0], answered(500));
      expect(room.room.nextDeliveryDue({ now: room.now })).toBe(START + 5.25 * SECOND);
    }));

  test('of several moments the earliest counts: due times, leases, the end of a suppression', () =>
    house((room) => {
      room.dice = 0;
      const next = (): number | null => room.room.nextDeliveryDue({ now: room.now });
      const entry = { id: room.newId(), address: 'z@example.org', expiresAt: START + DAY, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      expect(next()).toBe(START + DAY);
      const slow = addWebhook(room);
      sentMail(room);
      oneCall(room);
      expect(next()).toBe(START + CALL_LEASE_MS);
      const quick = addWebhook(room, { types: ['email.bounced'] });
      room.accepted(['b@example.org']);
      room.settle(room.claimed(), bounced('550 5.1.1 no'));
      const call = calls(room).find(({ webhookId }) => webhookId === quick);
      if (call === undefined) throw new Error('No call');
      settleCall(room, call, answered(500));
      expect(next()).toBe(START + 5 * SECOND);
      room.room.removeWebhook({ id: quick, now: room.now });
      expect(next()).toBe(START + CALL_LEASE_MS);
      room.room.removeWebhook({ id: slow, now: room.now });
      room.now += CALL_LEASE_MS;
      calls(room);
      expect(next()).toBe(START + DAY);
    }));

  test('a made-up claim settles nothing', () =>
    house((room) => {
      for (const claimId of ['', '1', '1.1', '1.1.x', 'x.y.z', '-1.-1.', '1e3.2.']) {
        const call = { claimId, now: room.now, sentAt: room.now, answer: OK };
        expect(room.room.settleDelivery(call)).toEqual({ kind: 'stale' });
      }
    }));
}
