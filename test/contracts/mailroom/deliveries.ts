import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import {
  bounced,
  DAY,
  deferred,
  HOUR,
  type House,
  LOST,
  MINUTE,
  ownFailure,
  reply,
  SECOND,
  SENT,
  START,
} from './house.ts';
import {
  accountEvents,
  addWebhook,
  answered,
  CALL_LEASE_MS,
  calls,
  OK,
  oneCall,
  payloadOf,
  SILENCE,
  sentTo,
  settleCall,
  triesOf,
} from './webhook-house.ts';

export function deliveriesContract(house: LendHouse): void {
  describe('calls to webhooks', () => {
    causes(house);
    payloads(house);
    claiming(house);
    schedule(house);
    replays(house);
    endings(house);
  });
}

function sentMail(room: House, change: Parameters<House['accepted']>[1] = {}): string {
  const id = room.accepted(undefined, change);
  room.settle(room.claimed(), SENT);
  return id;
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

function payloads(house: LendHouse): void {
  test('a payload tells the mail, the step and the one recipient', () =>
    house((room) => {
      addWebhook(room);
      const tags = [
        { name: 'category', value: 'welcome' },
        { name: '__proto__', value: 'tag' },
      ];
      const from = { name: 'Shop', address: 'shop@mine.example', given: 'Shop <shop@mine.example>' };
      const id = sentMail(room, { tags, from, headers: [['X-Order', '17']], subject: '\uC548\uB155' });
      const at = new Date(START).toISOString();
      const call = oneCall(room);
      expect(payloadOf(call)).toEqual({
        type: 'email.sent',
        created_at: at,
        data: {
          email_id: id,
          message_id: `<${id}@mine.example>`,
          created_at: at,
          from: 'Shop <shop@mine.example>',
          to: ['ann@example.org'],
          subject: '\uC548\uB155',
          tags: JSON.parse('{"category":"welcome","__proto__":"tag"}'),
          headers: [{ name: 'X-Order', value: '17' }],
          recipient: 'ann@example.org',
          relay: 'first',
          smtp: {
            code: 250,
            enhanced_code: '2.0.0',
            response: '250 2.0.0 Ok: queued as 4711',
            remote_host: 'mx.example.org',
            tls: 'TLSv1.3',
          },
        },
      });
    }));

  test('without tags and headers those keys are absent, never null', () =>
    house((room) => {
      addWebhook(room);
      sentMail(room, { tags: [] });
      expect(Object.keys(payloadOf(oneCall(room)).data).toSorted()).toEqual([
        'created_at',
        'email_id',
        'from',
        'message_id',
        'recipient',
        'relay',
        'smtp',
        'subject',
        'to',
      ]);
    }));

  test('a bounce, a failure, a delay and a suppression carry their details', () =>
    house((room) => {
      const types = ['email.bounced', 'email.failed', 'email.delivery_delayed', 'email.suppressed'] as const;
      addWebhook(room, { types });
      const data = (): Readonly<Record<string, unknown>> => {
        const call = oneCall(room);
        settleCall(room, call, OK);
        return payloadOf(call).data;
      };
      room.accepted();
      room.settle(room.claimed(), bounced('550 5.1.1 no such user', { suppress: true }));
      expect(data()).toMatchObject({
        bounce: {
          type: 'Permanent',
          subType: 'NoEmail',
          message: '550 5.1.1 no such user',
          diagnosticCode: ['smtp; 550 5.1.1 no such user'],
        },
        smtp: { code: 550, enhanced_code: '5.1.1' },
      });
      room.accepted();
      expect(data()).toMatchObject({
        suppressed: { type: 'OnAccountSuppressionList', reason: 'previous_bounce', diagnosticCode: [] },
        recipient: 'ann@example.org',
      });
      room.accepted(['b@example.org']);
      room.settle(room.claimed(), ownFailure('content_missing'));
      expect(data()).toMatchObject({ failed: { reason: 'content_missing' } });
      room.accepted(['c@example.org']);
      room.settle(room.claimed(), deferred('450 4.2.0 later'));
      expect(data()).toMatchObject({ smtp: { code: 450, response: '450 4.2.0 later' } });
    }));

  test('an address that was listed by hand has no reason that clients would not know', () =>
    house((room) => {
      addWebhook(room, { types: ['email.suppressed'] });
      const entry = { id: room.newId(), address: 'ann@example.org', expiresAt: null, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      room.accepted();
      const { suppressed } = payloadOf(oneCall(room)).data;
      expect(suppressed).toMatchObject({ type: 'OnAccountSuppressionList' });
      expect(suppressed).not.toHaveProperty('reason');
    }));

  test('what may be a duplicate says so', () =>
    house((room) => {
      addWebhook(room);
      room.accepted();
      const claim = room.claimed();
      room.dot(claim);
      room.settle(claim, LOST);
      expect(payloadOf(oneCall(room)).data).toMatchObject({ maybe_duplicate: true });
    }));

  test('the suppression list tells what comes onto it and what leaves it, by whatever way', () =>
    house((room) => {
      addWebhook(room, { types: ['suppression.added', 'suppression.removed'] });
      const told = (): readonly unknown[] =>
        calls(room).map((call) => {
          settleCall(room, call, OK);
          const { type, data } = payloadOf(call);
          return [type, data['email'], data['origin'], data['source_id']];
        });
      const entry = (address: string, expiresAt: number | null = null) => ({
        id: room.newId(),
        address,
        expiresAt,
        note: null,
      });
      room.room.suppress({ entries: [entry('a@example.org')], now: room.now });
      room.room.suppress({ entries: [entry('A@example.org')], now: room.now });
      expect(told()).toEqual([['suppression.added', 'a@example.org', 'manual', null]]);
      room.room.unsuppress({ idsOrAddresses: ['a@example.org', 'b@example.org'], now: room.now });
      expect(told()).toEqual([['suppression.removed', 'a@example.org', 'manual', null]]);
      const id = room.accepted(['c@example.org']);
      room.settle(room.claimed(), bounced('550 5.1.1 no', { suppress: true }));
      expect(told()).toEqual([['suppression.added', 'c@example.org', 'bounce', id]]);
      room.room.suppress({ entries: [entry('d@example.org', START + HOUR)], now: room.now });
      expect(told()).toHaveLength(1);
      expect(room.room.nextDeliveryDue({ now: room.now })).toBe(START + HOUR);
      room.now = START + HOUR - 1;
      expect(told()).toEqual([]);
      room.now += 1;
      expect(told()).toEqual([['suppression.removed', 'd@example.org', 'manual', null]]);
      expect(accountEvents(room, { type: 'suppression.removed' })).toHaveLength(2);
    }));

  test('an entry that has ended and is added again was removed before', () =>
    house((room) => {
      const entry = (expiresAt: number | null) => ({
        id: room.newId(),
        address: 'a@example.org',
        expiresAt,
        note: null,
      });
      room.room.suppress({ entries: [entry(START + MINUTE)], now: room.now });
      room.now = START + HOUR;
      room.room.suppress({ entries: [entry(null)], now: room.now });
      expect(accountEvents(room, { recipient: 'a@example.org' }).map(({ type }) => type)).toEqual([
        'suppression.added',
        'suppression.removed',
        'suppression.added',
      ]);
    }));

  test('a payload stays below 20 KB: the least needed goes first, and it says that something is missing', () =>
    house((room) => {
      addWebhook(room);
      const long = `<${'x'.repeat(200)}@example.org>`;
      const to = Array.from({ length: 50 }, (_, n) => ({
        name: '',
        address: `u${n}@example.org`,
        given: `${'\u00e9'.repeat(900)} ${long}`,
      }));
      const tags = Array.from({ length: 75 }, (_, n) => ({ name: `n${n}`, value: 'v'.repeat(256) }));
      const headers = Array.from({ length: 15 }, (_, n) => [`X-${n}`, 'h'.repeat(900)] as const);
      const sizes = [{ headers }, { headers, tags }, { headers, tags, to }].map((change) => {
        sentMail(room, change);
        const call = oneCall(room);
        settleCall(room, call, OK);
        const { data } = payloadOf(call);
        expect(data).toMatchObject({
          email_id: expect.any(String),
          recipient: 'ann@example.org',
          subject: 'Hello',
        });
        return [
          new TextEncoder().encode(call.payload).length <= 20_000,
          data['truncated'] ?? false,
          'headers' in data,
          'tags' in data,
        ];
      });
      expect(sizes).toEqual([
        [true, false, true, false],
        [true, true, false, false],
        [true, true, false, false],
      ]);
    }));

  test('a reply of 2 KB in a bounce is cut before anything of the mail is lost', () =>
    house((room) => {
      addWebhook(room);
      room.accepted(undefined, {
        subject: '\u{1F4EC}'.repeat(998),
        tags: Array.from({ length: 40 }, (_, n) => ({ name: `n${n}`, value: 'v'.repeat(200) })),
      });
      const response = `550 5.7.1 ${'\u0007'.repeat(2_000)}`;
      room.settle(room.claimed(), bounced(response, { smtp: reply(response) }));
      const call = oneCall(room);
      const { data } = payloadOf(call);
      expect(call.payload.length).toBeLessThan(20_000);
      expect(data).toMatchObject({
        truncated: true,
        subject: '\u{1F4EC}'.repeat(998),
        tags: { n39: 'v'.repeat(200) },
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

  test('a made-up claim settles nothing', () =>
    house((room) => {
      for (const claimId of ['', '1', '1.1', '1.1.x', 'x.y.z', '-1.-1.', '1e3.2.']) {
        const call = { claimId, now: room.now, sentAt: room.now, answer: OK };
        expect(room.room.settleDelivery(call)).toEqual({ kind: 'stale' });
      }
    }));
}

function schedule(house: LendHouse): void {
  test('eight tries over the published schedule, then it has failed and stays listed', () =>
    house((room) => {
      room.dice = 0;
      const id = addWebhook(room);
      sentMail(room);
      const waits: number[] = [];
      for (let attempt = 1; attempt <= 8; attempt++) {
        const call = oneCall(room);
        expect(call.attempt).toBe(attempt);
        settleCall(room, call, attempt % 2 === 0 ? SILENCE : answered(500));
        const [event] = sentTo(room, id);
        if (attempt === 8) break;
        expect(event?.status).toBe('attempting');
        waits.push((event?.nextAttemptAt ?? 0) - room.now);
        room.now = (event?.nextAttemptAt ?? 0) - 1;
        expect(calls(room)).toEqual([]);
        room.now += 1;
      }
      expect(waits).toEqual([5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR]);
      expect(sentTo(room, id)).toMatchObject([{ status: 'failed', nextAttemptAt: null }]);
      expect(triesOf(room, id, sentTo(room, id)[0]?.id ?? '')).toHaveLength(8);
      expect(room.room.nextDeliveryDue({ now: room.now })).toBeNull();
    }));
}

function replays(house: LendHouse): void {
  const replay = (room: House, webhookId: string, eventId: string) =>
    room.room.replayWebhookEvent({ webhookId, eventId, now: room.now });

  test.each([
    ['succeeded', [OK]],
    ['failed', Array.from({ length: 8 }, () => answered(500))],
  ])('what has %s is sent again with the same id, the same bytes and a fresh schedule', (_, answers) =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      const ids = new Set<string>();
      for (const answer of answers) {
        const call = oneCall(room);
        ids.add(call.eventId + call.payload);
        settleCall(room, call, answer);
        room.now += 12 * HOUR;
      }
      const eventId = sentTo(room, id)[0]?.id ?? '';
      expect(replay(room, id, eventId)).toEqual({ ok: true, value: { id: eventId } });
      expect(sentTo(room, id)).toMatchObject([{ status: 'attempting', nextAttemptAt: room.now }]);
      const call = oneCall(room);
      expect([call.attempt, ids.has(call.eventId + call.payload)]).toEqual([1, true]);
      settleCall(room, call, OK);
      expect(triesOf(room, id, eventId)).toHaveLength(answers.length + 1);
      expect(sentTo(room, id)).toMatchObject([{ status: 'success' }]);
    }),
  );

  test('what is still being delivered, or belongs to a disabled webhook, is not replayed', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      const eventId = sentTo(room, id)[0]?.id ?? '';
      const refused = { ok: false, refusal: { code: 'validation_error' } };
      expect(replay(room, id, eventId)).toMatchObject(refused);
      const call = oneCall(room);
      expect(replay(room, id, eventId)).toMatchObject(refused);
      settleCall(room, call, OK);
      room.room.updateWebhook({ id, status: 'disabled', now: room.now });
      expect(replay(room, id, eventId)).toMatchObject(refused);
      expect(replay(room, id, 'msg_unknown')).toMatchObject({
        refusal: { message: 'Webhook event not found' },
      });
    }));
}

function endings(house: LendHouse): void {
  test('410 disables the webhook at once: its owner wants no more of it', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      sentMail(room);
      const [call] = calls(room, 1);
      if (call === undefined) throw new Error('No call');
      expect(settleCall(room, call, answered(410))).toEqual({
        kind: 'settled',
        status: 'failed',
        disabled: 'gone',
      });
      expect(room.room.webhook({ id })).toMatchObject({
        status: 'disabled',
        disabledReason: 'gone',
        disabledAt: START,
      });
      expect(sentTo(room, id).map(({ status }) => status)).toEqual(['failed', 'failed']);
      expect(accountEvents(room, { type: 'webhook.disabled' })).toMatchObject([
        { webhookId: id, reason: 'gone', emailId: null, recipient: null, createdAt: START },
      ]);
    }));

  test('five days of nothing but failures disable it, which is seen on the webhook and among the events', () =>
    house((room) => {
      room.dice = 0;
      const id = addWebhook(room);
      for (let hour = 0; hour < 5 * 24; hour += 12) {
        room.now = START + hour * HOUR;
        sentMail(room);
        for (const call of calls(room)) settleCall(room, call, answered(500));
        expect(room.room.webhook({ id })?.status).toBe('enabled');
      }
      room.now = START + 5 * DAY - 1;
      for (const call of calls(room)) settleCall(room, call, SILENCE);
      expect(room.room.webhook({ id })?.status).toBe('enabled');
      room.now += HOUR;
      sentMail(room);
      const [call] = calls(room);
      if (call === undefined) throw new Error('No call');
      expect(settleCall(room, call, SILENCE)).toEqual({
        kind: 'settled',
        status: 'failed',
        disabled: 'failing',
      });
      expect(room.room.webhook({ id })).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
      expect(accountEvents(room, { type: 'webhook.disabled' })).toMatchObject([
        { webhookId: id, reason: 'failing' },
      ]);
      expect(room.room.nextDeliveryDue({ now: room.now })).toBeNull();
    }));

  test('one success, and the five days begin anew; so does a silence as long as that', () =>
    house((room) => {
      const id = addWebhook(room);
      const fail = (): void => {
        sentMail(room);
        for (const call of calls(room)) settleCall(room, call, answered(500));
      };
      fail();
      room.now += 4 * DAY;
      fail();
      sentMail(room);
      room.now += 11 * HOUR;
      for (const call of calls(room)) settleCall(room, call, OK);
      room.now += DAY;
      fail();
      expect(room.room.webhook({ id })?.status).toBe('enabled');
      room.now += 20 * DAY;
      fail();
      expect(room.room.webhook({ id })?.status).toBe('enabled');
    }));

  test('enabling it again forgets its failures', () =>
    house((room) => {
      const id = addWebhook(room);
      const fail = (): void => {
        sentMail(room);
        for (const call of calls(room)) settleCall(room, call, answered(500));
      };
      fail();
      room.now += 4 * DAY;
      fail();
      room.room.updateWebhook({ id, status: 'disabled', now: room.now });
      room.room.updateWebhook({ id, status: 'enabled', now: room.now });
      room.now += 2 * DAY;
      fail();
      expect(room.room.webhook({ id })?.status).toBe('enabled');
    }));
}
