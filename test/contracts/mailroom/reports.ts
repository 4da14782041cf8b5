import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/mime/report-shape.ts';
import type { LendHouse } from '../mailroom.ts';
import { bounced, DAY, type House, SENT } from './house.ts';
import {
  comesAgain,
  comesIn,
  complaint,
  DELAYED,
  DELIVERED,
  happened,
  MAIL_ID,
  RELAYED,
  report,
  SOFT,
  sentTo,
  suppressed,
  tokenOf,
} from './reports-made.ts';
import { addWebhook } from './webhook-house.ts';

export function reportsContract(house: LendHouse): void {
  describe('a report about a mail of ours', () => {
    bounces(house);
    otherNews(house);
    complaints(house);
    reviews(house);
  });
}

function bounces(house: LendHouse): void {
  test('a hard bounce is an event with its reply, and puts the address on the suppression list', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report(), tokenOf(MAIL_ID));
      expect(room.events(MAIL_ID).at(-1)).toMatchObject({
        type: 'email.bounced',
        recipient: 'ann@example.org',
        reason: 'user_unknown',
        smtp: { code: 550, enhancedCode: '5.1.1', remoteHost: 'mx.example.org', tls: null },
        bounce: { type: 'Permanent', subType: 'NoEmail' },
      });
      expect(room.recipient(MAIL_ID)).toMatchObject({
        state: 'sent',
        feedback: 'bounced',
        reason: 'user_unknown',
      });
      expect(room.read(MAIL_ID).lastEvent).toBe('bounced');
      expect(suppressed(room)).toEqual([{ address: 'ann@example.org', origin: 'bounce', sourceId: MAIL_ID }]);
      expect(happened(room)).toEqual(['email.queued', 'email.sent', 'email.bounced', 'suppression.added']);
    }));

  test('a soft bounce is an event and suppresses nobody', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report([SOFT]), tokenOf(MAIL_ID));
      expect(room.events(MAIL_ID).at(-1)).toMatchObject({
        type: 'email.bounced',
        bounce: { type: 'Transient' },
      });
      expect(room.read(MAIL_ID).lastEvent).toBe('bounced');
      expect(suppressed(room)).toEqual([]);
    }));

  test('threats §15 r7: 10,000 bounces for one message count once per recipient', () =>
    house((room) => {
      sentTo(room, ['ann@example.org', 'ben@example.org']);
      comesAgain(room, { given: report(), token: tokenOf(MAIL_ID, 0), times: 5_000 });
      const other = report([{ address: 'ben@example.org' }]);
      comesAgain(room, { given: other, token: tokenOf(MAIL_ID, 1), times: 5_000 });
      const types = happened(room);
      expect(types.filter((type) => type === 'email.bounced')).toHaveLength(2);
      expect(types.filter((type) => type === 'suppression.added')).toHaveLength(2);
    }));

  test('a report that comes again does not put back what its owner took off the list', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report(), tokenOf(MAIL_ID));
      room.room.unsuppress({ idsOrAddresses: ['ann@example.org'], now: room.now });
      comesIn(room, report(), tokenOf(MAIL_ID));
      expect(suppressed(room)).toEqual([]);
    }));

  test('a recipient that was refused at once is not bounced a second time by a report of it', () =>
    house((room) => {
      room.accepted(undefined, { id: MAIL_ID });
      room.settle(room.claimed(), bounced('550 5.1.1 User unknown'));
      comesIn(room, report(), tokenOf(MAIL_ID));
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'bounced']);
    }));

  test('behind a forward the address is another one: it is ours that bounces', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report([{ address: 'elsewhere@example.net' }]), tokenOf(MAIL_ID));
      expect(suppressed(room)).toMatchObject([{ address: 'ann@example.org' }]);
    }));

  test('one dead member of a list does not suppress the list', () =>
    house((room) => {
      sentTo(room);
      const members = [{ address: 'one@example.net' }, { ...DELIVERED, address: 'two@example.net' }];
      comesIn(room, report(members), tokenOf(MAIL_ID));
      expect(room.recipient(MAIL_ID).feedback).toBe('bounced');
      expect(suppressed(room)).toEqual([]);
    }));

  test('of several blocks the one that names our recipient counts', () =>
    house((room) => {
      sentTo(room);
      const blocks = [{ address: 'other@example.org' }, { ...DELIVERED, address: 'Ann@Example.org' }];
      comesIn(room, report(blocks), tokenOf(MAIL_ID));
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent', 'delivered']);
    }));

  test('a bounce that names nobody is still a bounce, of unknown kind', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report([]), tokenOf(MAIL_ID));
      expect(room.events(MAIL_ID).at(-1)).toMatchObject({
        type: 'email.bounced',
        bounce: { type: 'Undetermined' },
        smtp: null,
      });
      expect(suppressed(room)).toEqual([]);
    }));

  test('a retry by hand begins afresh: what is reported after it counts again', () =>
    house((room) => {
      room.accepted(undefined, { id: MAIL_ID });
      const claim = room.claimed();
      room.dot(claim);
      comesIn(room, report([SOFT]), tokenOf(MAIL_ID));
      room.settle(claim, bounced('554 5.0.0 Refused'));
      expect(room.room.retry({ id: MAIL_ID, now: room.now }).ok).toBe(true);
      const again = room.claimed();
      room.dot(again);
      room.settle(again, SENT);
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      expect(room.read(MAIL_ID).lastEvent).toBe('delivered');
    }));
}

function otherNews(house: LendHouse): void {
  test('delivered is an event with the last reply; a bounce that comes later still counts, not the other way round', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      expect(room.events(MAIL_ID).at(-1)).toMatchObject({ type: 'email.delivered', smtp: { code: 250 } });
      expect(room.read(MAIL_ID).lastEvent).toBe('delivered');
      comesIn(room, report(), tokenOf(MAIL_ID));
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent', 'delivered', 'bounced']);
      expect(room.read(MAIL_ID).lastEvent).toBe('bounced');
    }));

  test('however often a delay is reported, it is told once, and the mail stays sent', () =>
    house((room) => {
      sentTo(room);
      for (let i = 0; i < 5; i += 1) comesIn(room, report([DELAYED]), tokenOf(MAIL_ID));
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent', 'delivery_delayed']);
      expect(room.read(MAIL_ID).lastEvent).toBe('sent');
    }));

  test('handed on to a system without reports is no news, nor is an answer of a program', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report([RELAYED]), tokenOf(MAIL_ID));
      comesIn(room, { kind: 'auto_reply', form: 'reply' }, tokenOf(MAIL_ID));
      comesIn(room, { kind: 'not_a_report' }, tokenOf(MAIL_ID));
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent']);
    }));
}

function complaints(house: LendHouse): void {
  test('a complaint is an event and suppresses, also where the report hides the recipient', () =>
    house((room) => {
      sentTo(room);
      comesIn(room, report([DELIVERED]), tokenOf(MAIL_ID));
      comesIn(room, complaint({ recipients: ['redacted'] }), tokenOf(MAIL_ID));
      comesIn(room, complaint(), tokenOf(MAIL_ID));
      expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent', 'delivered', 'complained']);
      expect(room.read(MAIL_ID).lastEvent).toBe('complained');
      expect(suppressed(room)).toEqual([
        { address: 'ann@example.org', origin: 'complaint', sourceId: MAIL_ID },
      ]);
    }));

  test.each(['not-spam', 'virus', 'other', 'auth-failure'] as const)(
    'a report of %s changes nothing',
    (type) =>
      house((room) => {
        sentTo(room);
        comesIn(room, complaint({ feedbackType: type, suppress: false }), tokenOf(MAIL_ID));
        expect(room.eventTypes(MAIL_ID)).toEqual(['queued', 'sent']);
        expect(suppressed(room)).toEqual([]);
      }),
  );
}

/** delivery.md §16: soft bounces suppress nobody, and five of them deserve a look. */
function reviews(house: LendHouse): void {
  const softBounce = (room: House, given: Report = report([SOFT])): void => {
    const id = `019c3a5e-7b${room.newId().slice(-2)}-7c4d-9e8f-a1b2c3d4e5f6`;
    sentTo(room, ['ann@example.org'], id);
    room.now += DAY;
    comesIn(room, given, tokenOf(id));
  };
  const flags = (room: House): readonly boolean[] =>
    room.sql
      .exec<{ payload: string }>('SELECT payload FROM webhook_messages ORDER BY seq')
      .map(({ payload }) => JSON.parse(payload).data.review === true);

  test('the fifth soft bounce of an address within 14 days asks for a review, and those after it', () =>
    house((room) => {
      addWebhook(room, { types: ['email.bounced'] });
      for (let i = 0; i < 6; i += 1) softBounce(room);
      expect(flags(room)).toEqual([false, false, false, false, true, true]);
      expect(suppressed(room)).toEqual([]);
    }));

  test('a delivery in between begins the count again, and so does time', () =>
    house((room) => {
      addWebhook(room, { types: ['email.bounced'] });
      for (let i = 0; i < 4; i += 1) softBounce(room);
      softBounce(room, report([DELIVERED]));
      for (let i = 0; i < 4; i += 1) softBounce(room);
      room.now += 14 * DAY;
      softBounce(room);
      expect(flags(room).some((flag) => flag)).toBe(false);
    }));
}
