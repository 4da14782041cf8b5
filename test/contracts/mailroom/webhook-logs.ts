import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { DAY, type House, SECOND, START } from './house.ts';
import {
  addWebhook,
  answered,
  calls,
  OK,
  oneCall,
  payloadOf,
  sentMail,
  sentTo,
  settleCall,
  triesOf,
} from './webhook-house.ts';

const PAGE = { limit: 2, after: null, before: null };

export function webhookLogsContract(house: LendHouse): void {
  describe('what was sent', () => {
    logs(house);
    testing(house);
    upkeep(house);
  });
}

function logs(house: LendHouse): void {
  test('what was sent is listed newest first, each with its state', () =>
    house((room) => {
      const id = addWebhook(room);
      for (const answer of [OK, answered(500), null]) {
        room.now += SECOND;
        sentMail(room);
        if (answer !== null) settleCall(room, oneCall(room), answer);
      }
      expect(sentTo(room, id)).toMatchObject([
        { type: 'email.sent', status: 'pending', nextAttemptAt: null, createdAt: START + 3 * SECOND },
        { type: 'email.sent', status: 'attempting', createdAt: START + 2 * SECOND },
        { type: 'email.sent', status: 'success', nextAttemptAt: null, createdAt: START + SECOND },
      ]);
    }));

  test('the list is walked by `after` and by `before`, and a cursor of another webhook is refused', () =>
    house((room) => {
      const [id, other] = [addWebhook(room), addWebhook(room, { types: ['email.bounced'] })];
      for (let times = 0; times < 5; times++) sentMail(room);
      const ids = sentTo(room, id).map((event) => event.id);
      const page = (change: object): unknown => {
        const read = room.room.webhookEvents({ webhookId: id, page: { ...PAGE, ...change } });
        return read.ok ? [read.value.items.map((event) => event.id), read.value.hasMore] : read.refusal.field;
      };
      expect(page({})).toEqual([ids.slice(0, 2), true]);
      expect(page({ after: ids[1] })).toEqual([ids.slice(2, 4), true]);
      expect(page({ after: ids[3] })).toEqual([ids.slice(4), false]);
      expect(page({ before: ids[3] })).toEqual([ids.slice(1, 3), true]);
      expect(page({ after: 'msg_unknown' })).toBe('after');
      const foreign = room.room.webhookEvents({ webhookId: other, page: { ...PAGE, after: ids[0] ?? '' } });
      expect(foreign).toMatchObject({ ok: false, refusal: { field: 'after' } });
    }));

  test('one event is read with the exact text that is sent; an unknown or a foreign one is not found', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      const call = oneCall(room);
      expect(room.room.webhookEvent({ webhookId: id, eventId: call.eventId })).toMatchObject({
        ok: true,
        value: { id: call.eventId, payload: call.payload },
      });
      const notFound = { ok: false, refusal: { code: 'not_found', message: 'Webhook event not found' } };
      expect(room.room.webhookEvent({ webhookId: id, eventId: 'msg_x' })).toEqual(notFound);
      const other = addWebhook(room);
      expect(room.room.webhookEvent({ webhookId: other, eventId: call.eventId })).toEqual(notFound);
    }));

  test('each try is listed, newest first, with what was answered: 1 KB of it at most, at the end of a character', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      const { eventId, ...first } = oneCall(room);
      settleCall(room, { eventId, ...first }, { kind: 'broken', status: 0, response: 'No answer.' });
      room.now += 6 * SECOND;
      const long = '\u{1F4EC}'.repeat(2_000);
      settleCall(room, oneCall(room), {
        kind: 'answered',
        status: 503,
        response: `a\0${long}`,
        retryAfterMs: null,
      });
      const [second, ...rest] = triesOf(room, id, eventId);
      expect(rest).toMatchObject([{ statusCode: 0, response: 'No answer.', sentAt: START }]);
      expect(second).toMatchObject({ statusCode: 503, sentAt: START + 6 * SECOND });
      expect(second?.response).toBe(`a\uFFFD${'\u{1F4EC}'.repeat(255)}`);
      const page = room.room.webhookAttempts({
        webhookId: id,
        eventId,
        page: { ...PAGE, after: second?.id ?? '' },
      });
      expect(page.ok && page.value.items).toEqual(rest);
    }));
}

function testing(house: LendHouse): void {
  test('a test sends a sample of the type that was asked for, marked as one, to this webhook alone', () =>
    house((room) => {
      const [id] = [
        addWebhook(room, { types: ['email.sent'] }),
        addWebhook(room, { types: ['email.bounced'] }),
      ];
      const made = room.room.testWebhook({ id, type: 'email.bounced', now: room.now });
      const call = oneCall(room);
      expect(made).toEqual({ ok: true, value: { id: call.eventId } });
      expect(call.webhookId).toBe(id);
      expect(payloadOf(call)).toMatchObject({
        type: 'email.bounced',
        data: { test: true, bounce: { type: 'Permanent' }, to: ['ada@example.net'] },
      });
      expect(sentTo(room, id)).toMatchObject([{ id: call.eventId, type: 'email.bounced' }]);
    }));

  test('without a type it is the first that the webhook subscribes to and that there is', () =>
    house((room) => {
      const id = addWebhook(room, { types: ['contact.created', 'suppression.added', 'email.opened'] });
      room.room.testWebhook({ id, type: null, now: room.now });
      expect(payloadOf(oneCall(room)).type).toBe('email.opened');
    }));

  test('a disabled webhook is not tested', () =>
    house((room) => {
      const id = addWebhook(room);
      room.room.updateWebhook({ id, status: 'disabled', now: room.now });
      expect(room.room.testWebhook({ id, type: null, now: room.now })).toMatchObject({
        ok: false,
        refusal: { code: 'validation_error' },
      });
    }));
}

function upkeep(house: LendHouse): void {
  const count = (room: House, table: string): number =>
    room.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n ?? -1;
  const LOGS = ['webhook_messages', 'webhook_deliveries', 'webhook_attempts'];
  const sweep = (room: House, limit = 100): number => room.room.sweep({ now: room.now, limit }).removed;

  test('what was sent is kept as long as events, and then goes with its tries', () =>
    house((room) => {
      addWebhook(room);
      sentMail(room);
      settleCall(room, oneCall(room), OK);
      room.now = START + 30 * DAY;
      sweep(room);
      expect(LOGS.map((table) => count(room, table))).toEqual([1, 1, 1]);
      room.now += 1;
      sweep(room);
      expect(LOGS.map((table) => count(room, table))).toEqual([0, 0, 0]);
    }));

  test('what is still to be sent is never swept', () =>
    house(
      (room) => {
        const id = addWebhook(room);
        sentMail(room);
        settleCall(room, oneCall(room), answered(500));
        room.now = START + DAY + 1;
        sweep(room);
        expect(sentTo(room, id)).toMatchObject([{ status: 'attempting' }]);
        settleCall(room, oneCall(room), OK);
        sweep(room);
        expect(sentTo(room, id)).toEqual([]);
      },
      { eventRetentionMs: DAY },
    ));

  test('the rows of a removed webhook go in portions, and then it is gone without a trace', () =>
    house((room) => {
      const [id, other] = [addWebhook(room), addWebhook(room)];
      for (let times = 0; times < 5; times++) sentMail(room);
      for (const call of calls(room)) settleCall(room, call, OK);
      room.room.removeWebhook({ id, now: room.now });
      const rounds: number[] = [];
      for (let round = 0; round < 10; round++) rounds.push(sweep(room, 2));
      expect(Math.max(...rounds)).toBeLessThanOrEqual(4);
      expect(rounds.at(-1)).toBe(0);
      expect(count(room, 'webhooks')).toBe(1);
      expect(sentTo(room, other)).toHaveLength(5);
      expect(count(room, 'webhook_deliveries')).toBe(5);
    }));
}
