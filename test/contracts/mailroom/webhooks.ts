import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { DAY, HOUR, type House, SECOND, START } from './house.ts';
import { addWebhook, answered, calls, OK, oneCall, sentMail, sentTo, settleCall } from './webhook-house.ts';

const PAGE = { limit: 2, after: null, before: null };

export function webhooksContract(house: LendHouse): void {
  describe('webhooks', () => {
    keeping(house);
    secrets(house);
    switching(house);
  });
}

function keeping(house: LendHouse): void {
  test('a webhook is read as it was made', () =>
    house((room) => {
      const id = addWebhook(room, { types: ['email.sent', 'contact.created'] });
      const record = {
        id,
        endpoint: 'https://hooks.example.com/in',
        types: ['email.sent', 'contact.created'],
        sealedSecret: `sealed-${id}`,
        includeBody: false,
        status: 'enabled',
        disabledReason: null,
        disabledAt: null,
        createdAt: START,
      };
      expect(room.room.webhook({ id })).toEqual(record);
      expect(room.room.webhooks({ page: PAGE })).toEqual({
        ok: true,
        value: { items: [record], hasMore: false },
      });
    }));

  test('they are listed newest first, page by page', () =>
    house((room) => {
      const ids = [1, 2, 3].map(() => {
        room.now += SECOND;
        return addWebhook(room);
      });
      const first = room.room.webhooks({ page: PAGE });
      expect(first.ok && first.value.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
      expect(first.ok && first.value.hasMore).toBe(true);
      const second = room.room.webhooks({ page: { ...PAGE, after: ids[1] ?? '' } });
      expect(second.ok && second.value.items.map(({ id }) => id)).toEqual([ids[0]]);
    }));

  test('a change replaces what it names and leaves the rest', () =>
    house((room) => {
      const id = addWebhook(room);
      expect(room.room.updateWebhook({ id, types: ['email.opened'], now: room.now })).toEqual({
        ok: true,
        value: { id },
      });
      expect(room.room.webhook({ id })).toMatchObject({
        types: ['email.opened'],
        endpoint: 'https://hooks.example.com/in',
      });
      room.room.updateWebhook({ id, endpoint: 'https://other.example.com/', now: room.now });
      expect(room.room.webhook({ id })).toMatchObject({
        types: ['email.opened'],
        endpoint: 'https://other.example.com/',
      });
    }));

  test('an unknown one is not found, by any verb', () =>
    house((room) => {
      const id = room.newId();
      const { now } = room;
      expect(room.room.webhook({ id })).toBeNull();
      const ref = { webhookId: id, eventId: 'msg_x' };
      for (const answer of [
        room.room.updateWebhook({ id, now }),
        room.room.removeWebhook({ id, now }),
        room.room.rotateWebhookSecret({ id, sealedSecret: 's', now }),
        room.room.webhookEvents({ webhookId: id, page: PAGE }),
        room.room.webhookEvent(ref),
        room.room.replayWebhookEvent({ ...ref, now }),
        room.room.webhookAttempts({ ...ref, page: PAGE }),
        room.room.testWebhook({ id, type: null, now }),
      ]) {
        expect(answer).toEqual({ ok: false, refusal: { code: 'not_found', message: 'Webhook not found' } });
      }
    }));

  test('there are fifty at most, and a removed one makes room', () =>
    house((room) => {
      const ids = Array.from({ length: 50 }, () => addWebhook(room));
      const webhook = {
        id: room.newId(),
        endpoint: 'https://x.example/',
        types: ['email.sent'],
        sealedSecret: 's',
      } as const;
      expect(room.room.createWebhook({ webhook, now: room.now })).toMatchObject({
        ok: false,
        refusal: { code: 'validation_error' },
      });
      room.room.removeWebhook({ id: ids[0] ?? '', now: room.now });
      expect(room.room.createWebhook({ webhook, now: room.now }).ok).toBe(true);
    }));

  test('a removed one is gone for everybody at once, and nothing is sent to it', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      expect(room.room.removeWebhook({ id, now: room.now })).toEqual({ ok: true, value: { id } });
      expect(room.room.webhook({ id })).toBeNull();
      expect(room.room.removeWebhook({ id, now: room.now }).ok).toBe(false);
      expect(calls(room)).toEqual([]);
      sentMail(room);
      expect(room.room.nextDeliveryDue({ now: room.now })).toBeNull();
    }));
}

function secrets(house: LendHouse): void {
  const signing = (room: House): readonly string[] => {
    sentMail(room);
    const call = oneCall(room);
    settleCall(room, call, OK);
    return call.sealedSecrets;
  };

  test('after a rotation the new secret signs at once, first, and the one before it for 24 h more', () =>
    house((room) => {
      const id = addWebhook(room, { sealedSecret: 'old' });
      expect(signing(room)).toEqual(['old']);
      room.room.rotateWebhookSecret({ id, sealedSecret: 'new', now: room.now });
      expect(room.room.webhook({ id })?.sealedSecret).toBe('new');
      expect(signing(room)).toEqual(['new', 'old']);
      room.now += DAY - 1;
      expect(signing(room)).toEqual(['new', 'old']);
      room.now += 1;
      expect(signing(room)).toEqual(['new']);
    }));

  test('rotated again within the day all of them sign, up to four', () =>
    house((room) => {
      const id = addWebhook(room, { sealedSecret: '0' });
      for (const sealedSecret of ['1', '2', '3', '4']) {
        room.now += HOUR;
        room.room.rotateWebhookSecret({ id, sealedSecret, now: room.now });
      }
      expect(signing(room)).toEqual(['4', '3', '2', '1']);
      room.now += 22 * HOUR;
      expect(signing(room)).toEqual(['4', '3', '2']);
    }));
}

function switching(house: LendHouse): void {
  const set = (room: House, id: string, status: 'enabled' | 'disabled'): void => {
    room.room.updateWebhook({ id, status, now: room.now });
  };

  test('disabled, it gets nothing: what waited has failed, what happens meanwhile is not for it', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      set(room, id, 'disabled');
      expect(room.room.webhook({ id })).toMatchObject({
        status: 'disabled',
        disabledReason: 'by_request',
        disabledAt: START,
      });
      expect(sentTo(room, id)).toMatchObject([{ status: 'failed', nextAttemptAt: null }]);
      sentMail(room);
      expect(calls(room)).toEqual([]);
      expect(sentTo(room, id)).toHaveLength(1);
    }));

  test('enabled again, what was called off stays so, and what happens from then on is sent', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      set(room, id, 'disabled');
      set(room, id, 'enabled');
      expect(room.room.webhook({ id })).toMatchObject({
        status: 'enabled',
        disabledReason: null,
        disabledAt: null,
      });
      expect(calls(room)).toEqual([]);
      sentMail(room);
      expect(calls(room)).toHaveLength(1);
    }));

  test('a call under way while it is disabled is let end, and is not repeated', () =>
    house((room) => {
      const id = addWebhook(room);
      for (const answer of [answered(500), OK]) {
        sentMail(room);
        const call = oneCall(room);
        set(room, id, 'disabled');
        settleCall(room, call, answer);
        set(room, id, 'enabled');
        room.now += DAY;
        expect(calls(room)).toEqual([]);
      }
      expect(sentTo(room, id).map(({ status }) => status)).toEqual(['success', 'failed']);
    }));

  test('a call under way while it is disabled, of which nobody hears again, is not repeated either', () =>
    house((room) => {
      const id = addWebhook(room);
      sentMail(room);
      oneCall(room);
      set(room, id, 'disabled');
      room.now += HOUR;
      room.room.recover({ now: room.now, all: false });
      set(room, id, 'enabled');
      expect(calls(room)).toEqual([]);
      expect(sentTo(room, id)).toMatchObject([{ status: 'failed' }]);
    }));
}
