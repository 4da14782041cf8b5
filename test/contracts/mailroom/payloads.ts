import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { bounced, deferred, HOUR, LOST, MINUTE, ownFailure, reply, START } from './house.ts';
import {
  accountEvents,
  addWebhook,
  calls,
  OK,
  oneCall,
  payloadOf,
  sentMail,
  settleCall,
} from './webhook-house.ts';

export function payloadsContract(house: LendHouse): void {
  describe('what webhooks are told', () => {
    mails(house);
    sizes(house);
    suppressionList(house);
  });
}

function mails(house: LendHouse): void {
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
}

function suppressionList(house: LendHouse): void {
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
}

function sizes(house: LendHouse): void {
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
