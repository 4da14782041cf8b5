import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { HOUR, type House, LOST, MINUTE, SENT, START } from './house.ts';
import { detail } from './inbox-house.ts';
import {
  comesIn,
  complaint,
  DELAYED,
  DELIVERED,
  happened,
  MAIL_ID,
  OTHER_ID,
  RELAYED,
  report,
  sentTo,
  suppressed,
  tokenOf,
} from './reports-made.ts';

export function reportProofContract(house: LendHouse): void {
  describe('what a report proves', () => {
    strangers(house);
    doubts(house);
    races(house);
  });
}

function strangers(house: LendHouse): void {
  test('threats §15 r5: a bounce with our Message-ID and no token of ours changes no state and suppresses nobody', () =>
    house((room) => {
      sentTo(room);
      const original = { messageId: room.read(MAIL_ID).messageId, fields: [] };
      const before = room.read(MAIL_ID);
      const id = comesIn(room, { ...report([{}], original), envelopeId: MAIL_ID }, null);
      expect(room.read(MAIL_ID)).toEqual(before);
      expect(detail(room, id).thread.emailIds).toEqual([MAIL_ID]);
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent']);
      expect(suppressed(room)).toEqual([]);
    }));

  test('threats §15 r1: a report of any kind is never answered, least of all by a bounce', () =>
    house((room) => {
      sentTo(room);
      for (const token of [tokenOf(MAIL_ID), null]) {
        for (const given of [report(), report([DELAYED]), complaint()]) comesIn(room, given, token);
        comesIn(room, { kind: 'auto_reply', form: 'reply' }, token);
      }
      room.now += HOUR;
      expect(room.claims()).toEqual([]);
      const mails = room.room.emails({ page: { limit: 10, after: null, before: null } });
      expect(mails).toMatchObject({ value: { items: [{ id: MAIL_ID }] } });
    }));

  test("threats §15 r6: a complaint with another account's token finds nothing here", () =>
    house((room) => {
      sentTo(room);
      const token = { ...tokenOf(OTHER_ID), account: 'another' };
      const original = { messageId: room.read(MAIL_ID).messageId, fields: [] };
      comesIn(room, complaint({ recipients: ['ann@example.org'], original }), token);
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent']);
      expect(suppressed(room)).toEqual([]);
    }));

  test('a token whose range holds two mails is nobody’s, and so is a place that the mail has not', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report(), tokenOf(MAIL_ID, 1));
      sentTo(room, ['ben@example.org'], `${MAIL_ID.slice(0, -1)}0`);
      comesIn(room, report(), tokenOf(MAIL_ID));
      expect(happened(room).filter((type) => type === 'email.bounced')).toEqual([]);
      expect(suppressed(room)).toEqual([]);
    }));
}

function doubts(house: LendHouse): void {
  const inDoubt = (room: House): void => {
    room.accepted(undefined, { id: MAIL_ID });
    const claim = room.claimed();
    room.dot(claim);
    room.settle(claim, LOST);
  };

  test.each([
    ['delivered', report([DELIVERED]), ['sent', 'delivered'], 'delivered'],
    ['delayed on its way', report([DELAYED]), ['sent', 'delivery_delayed'], 'sent'],
    ['relayed', report([RELAYED]), ['sent'], 'sent'],
    ['complained about', complaint(), ['sent', 'complained'], 'complained'],
  ] as const)(
    'transition 19: an unknown outcome that is reported as %s was sent, and is not tried again',
    (_, given, told, last) =>
      house((room) => {
        inDoubt(room);
        comesIn(room, given, tokenOf(MAIL_ID));
        expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'sent', dueAt: null, reason: null });
        expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'delivery_delayed', ...told]);
        expect(room.events(MAIL_ID)[2]?.reason).toMatch(/^(?:delivery_report|complaint)$/);
        expect(room.read(MAIL_ID).lastEvent).toBe(last);
        room.now += HOUR;
        expect(room.claims()).toEqual([]);
      }),
  );

  test('transition 19: an unknown outcome that bounces has failed, and is not tried again', () =>
    house((room) => {
      inDoubt(room);
      comesIn(room, report(), tokenOf(MAIL_ID));
      comesIn(room, report(), tokenOf(MAIL_ID));
      expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'failed', dueAt: null, reason: 'user_unknown' });
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'delivery_delayed', 'bounced']);
      expect(room.read(MAIL_ID).lastEvent).toBe('bounced');
      expect(suppressed(room)).toMatchObject([{ origin: 'bounce' }]);
      room.now += HOUR;
      expect(room.claims()).toEqual([]);
    }));

  test('transition 19: also when it had been given up', () =>
    house(
      (room) => {
        inDoubt(room);
        expect(room.read(MAIL_ID).lastEvent).toBe('failed');
        comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
        expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'sent', feedback: 'delivered' });
        expect(room.read(MAIL_ID).lastEvent).toBe('delivered');
      },
      { unknownPolicy: 'never' },
    ));

  test('transition 19: the one retry that has begun is disowned, and may not send its dot', () =>
    house((room) => {
      inDoubt(room);
      room.now = START + 20 * MINUTE;
      const retry = room.claimed();
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      expect(room.dot(retry)).toBe(false);
      expect(room.settle(retry, SENT)).toBe('stale');
      expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'sent', feedback: 'delivered', attempts: 1 });
    }));
}

function races(house: LendHouse): void {
  const onItsWay = (room: House) => {
    room.accepted(undefined, { id: MAIL_ID });
    const claim = room.claimed();
    room.dot(claim);
    return claim;
  };

  test('a report that is faster than the reply to the dot is not lost when that comes', () =>
    house((room) => {
      const claim = onItsWay(room);
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      expect(room.recipient(MAIL_ID).state).toBe('sending');
      expect(room.settle(claim, SENT)).toBe('settled');
      expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'sent', feedback: 'delivered' });
      expect(room.read(MAIL_ID).lastEvent).toBe('delivered');
    }));

  test('a reply that was lost after the report came leaves no doubt', () =>
    house((room) => {
      const claim = onItsWay(room);
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      room.settle(claim, LOST);
      expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'sent', dueAt: null, maybeDuplicate: false });
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'delivered', 'sent']);
    }));

  test('nor does a lease that ended after the report came', () =>
    house((room) => {
      onItsWay(room);
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      room.now += HOUR;
      room.room.recover({ now: room.now, all: false });
      expect(room.recipient(MAIL_ID)).toMatchObject({ state: 'sent', dueAt: null });
    }));
}
