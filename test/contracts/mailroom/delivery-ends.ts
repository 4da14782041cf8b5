import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { DAY, HOUR, type House, MINUTE, SECOND, START } from './house.ts';
import {
  accountEvents,
  addWebhook,
  answered,
  calls,
  OK,
  oneCall,
  SILENCE,
  sentMail,
  sentTo,
  settleCall,
  triesOf,
} from './webhook-house.ts';

export function deliveryEndsContract(house: LendHouse): void {
  describe('what follows a call', () => {
    schedule(house);
    replays(house);
    endings(house);
  });
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

  test('what the old place answers after the webhook was moved says nothing about the new one', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      const call = oneCall(room);
      room.room.updateWebhook({ id, endpoint: 'https://new.example/hook', now: room.now });
      expect(settleCall(room, call, answered(410)).kind).toBe('stale');
      expect(room.room.webhook({ id })).toMatchObject({ status: 'enabled' });
      expect(oneCall(room)).toMatchObject({ eventId: call.eventId, attempt: call.attempt });
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
