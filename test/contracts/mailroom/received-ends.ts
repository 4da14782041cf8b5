import { describe, expect, test } from 'vitest';
import type { NewEmail } from '../../../src/mailroom/records.ts';
import type { LendHouse } from '../mailroom.ts';
import { DAY, type House, mailbox } from './house.ts';
import { detail, file, idsOf, listed, oneArrival, readIn, received, settleRead } from './inbox-house.ts';
import { complaint, DELIVERED, MAIL_ID, report, sentTo, tokenOf } from './reports-made.ts';
import { accountEvents } from './webhook-house.ts';

export function receivedEndsContract(house: LendHouse): void {
  describe('how a received mail goes on and ends', () => {
    forwards(house);
    upkeep(house);
  });
}

function forwards(house: LendHouse): void {
  function forward(room: House, to: string, change: Partial<NewEmail> = {}): NewEmail {
    return room.email([to], { from: mailbox('forwarder@mine.example'), ...change });
  }

  test('mails that pass it on are accepted with it, due now, with the suppression list of the account', () =>
    house((room) => {
      room.room.suppress({
        entries: [{ id: room.newId(), address: 'no@out.example', expiresAt: null, note: null }],
        now: room.now,
      });
      received(room);
      const [taken, suppressed] = [forward(room, 'x@out.example'), forward(room, 'no@out.example')];
      settleRead(room, oneArrival(room), {}, { forwards: [taken, suppressed] });
      expect(room.claims().map(({ email }) => email.id)).toEqual([taken.id]);
      expect(room.eventTypes(taken.id)).toEqual(['queued']);
      expect(room.recipient(suppressed.id).state).toBe('suppressed');
    }));

  test('a stale settle passes nothing on', () =>
    house((room) => {
      received(room);
      const claim = oneArrival(room);
      const mail = forward(room, 'x@out.example');
      settleRead(room, claim);
      expect(settleRead(room, claim, {}, { forwards: [mail] })).toBe('stale');
      expect(room.room.email({ id: mail.id })).toBeNull();
    }));

  test('a forward that sends the received object keeps it when the received mail is removed', () =>
    house((room) => {
      const id = received(room);
      const claim = oneArrival(room);
      const content = { kind: 'raw', key: claim.rawKey, size: claim.rawSize } as const;
      settleRead(room, claim, {}, { forwards: [forward(room, 'x@out.example', { content })] });
      const removed = room.room.removeReceived({ id, now: room.now });
      expect(removed).toEqual({ ok: true, value: { id, objects: [] } });
    }));
}

function upkeep(house: LendHouse): void {
  test('nothing of a removed mail is left: rows, terms, events, objects', () =>
    house((room) => {
      const id = readIn(room, {}, { attachments: [file('a')] });
      room.room.removeReceived({ id, now: room.now });
      for (const table of ['', '_contents', '_attachments', '_objects', '_terms']) {
        expect(room.sql.exec(`SELECT 1 FROM received${table}`), table).toEqual([]);
      }
      expect(accountEvents(room)).toEqual([]);
    }));

  test('a file that another mail names stays', () =>
    house((room) => {
      const [first, second] = [1, 2].map(() => readIn(room, {}, { attachments: [file('a')] }));
      const removed = room.room.removeReceived({ id: first ?? '', now: room.now });
      expect(removed).toMatchObject({ value: { objects: [`t/default/raw-${first}`] } });
      expect(detail(room, second ?? '').attachments).toEqual([file('a')]);
    }));

  test('received mail is kept for ever unless a retention is set', () =>
    house((room) => {
      readIn(room);
      room.now += 4_000 * DAY;
      room.room.sweep({ now: room.now, limit: 100 });
      expect(listed(room).items).toHaveLength(1);
    }));

  test('reports that a return path of ours proves end as mails do, where received mail is kept for ever', () =>
    house((room) => {
      sentTo(room);
      const token = tokenOf(MAIL_ID);
      const proven = [report(), report([DELIVERED])].map((one) => readIn(room, {}, { report: one, token }));
      const claimed = readIn(room, {}, { report: report(), token: null });
      const complained = readIn(room, {}, { report: complaint(), token });
      room.now += 30 * DAY;
      expect(room.room.sweep({ now: room.now, limit: 100 }).objects).toEqual([]);
      room.now += 1;
      const { objects } = room.room.sweep({ now: room.now, limit: 100 });
      expect(objects.toSorted()).toEqual(proven.map((id) => `t/default/raw-${id}`).toSorted());
      expect(idsOf(listed(room)).toSorted()).toEqual([claimed, complained].toSorted());
    }));

  test('a retention for received mail is that of its reports too', () =>
    house(
      (room) => {
        sentTo(room);
        readIn(room, {}, { report: report(), token: tokenOf(MAIL_ID) });
        room.now += 60 * DAY;
        expect(room.room.sweep({ now: room.now, limit: 100 }).objects).toEqual([]);
      },
      { inboundRetentionMs: 90 * DAY },
    ));

  test('past its retention it goes, with its objects, a bounded number at a time; what was not told yet stays', () =>
    house(
      (room) => {
        const unread = received(room);
        oneArrival(room);
        const old = [1, 2, 3].map(() => readIn(room));
        room.now += 7 * DAY;
        expect(room.room.sweep({ now: room.now, limit: 2 }).objects).toEqual([]);
        room.now += 1;
        const young = readIn(room);
        expect(room.room.sweep({ now: room.now, limit: 2 }).objects).toHaveLength(2);
        expect(room.room.sweep({ now: room.now, limit: 2 }).objects).toEqual([`t/default/raw-${old[2]}`]);
        expect(idsOf(listed(room)).toSorted()).toEqual([unread, young].toSorted());
      },
      { inboundRetentionMs: 7 * DAY },
    ));
}
