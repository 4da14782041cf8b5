import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { HOUR, SECOND, START } from './house.ts';
import {
  arrival,
  arrivals,
  detail,
  head,
  idsOf,
  listed,
  oneArrival,
  READ_LEASE_MS,
  receive,
  received,
} from './inbox-house.ts';
import { accountEvents } from './webhook-house.ts';

export function arrivalsContract(house: LendHouse): void {
  describe('mail that comes in', () => {
    taking(house);
    repetitions(house);
  });
}

function taking(house: LendHouse): void {
  test('what was received is listed with its header at once, and waits to be read', () =>
    house((room) => {
      const id = received(room);
      expect(detail(room, id)).toEqual({
        id,
        createdAt: START,
        source: 'smtp',
        envelopeFrom: 'ann@example.org',
        receivedFor: ['support@mine.example'],
        head: head(),
        rawKey: `t/default/raw-${id}`,
        rawSize: 4711,
        rawSha256: `sha-${id}`,
        parse: 'limited',
        attachments: [],
        content: { kind: 'inline', html: null, text: null },
        strippedText: null,
        mailboxHash: null,
        thread: { emailIds: [], receivedIds: [] },
        authentication: { spf: null, dkim: null, dmarc: null, source: 'none' },
        auto: { reply: false, bounce: false, list: false },
      });
      expect(idsOf(listed(room))).toEqual([id]);
      expect(room.room.nextArrivalDue({ now: room.now })).toBe(START);
      expect(accountEvents(room)).toEqual([]);
    }));

  test('a claim holds what the reader needs', () =>
    house((room) => {
      const given = arrival(room, { envelopeFrom: '', peer: null });
      room.room.receive({ arrival: given, now: room.now });
      const { claimId, ...claim } = oneArrival(room);
      expect(claimId).not.toBe('');
      const { deliveryId: _deliveryId, ...facts } = given;
      expect(claim).toEqual({
        ...facts,
        createdAt: START,
        attempt: 1,
        forwardTo: [],
        wantsBody: false,
        leaseUntil: START + READ_LEASE_MS,
      });
    }));

  test('small mail and large mail are claimed apart where that is asked for, together where it is not', () =>
    house((room) => {
      const ids = [4711, 1024 * 1024, 1024 * 1024 - 1, 5_000_000, 1, 2_000_000].map((rawSize) => {
        room.now += SECOND;
        return received(room, { rawSize });
      });
      const claimed = (limit: number, size?: 'small' | 'large') => {
        const call = {
          now: room.now,
          limit,
          leaseMs: READ_LEASE_MS,
          ...(size === undefined ? {} : { size }),
        };
        const { claims, nextAt } = room.room.claimArrivals(call);
        return [...claims.map(({ id }) => ids.indexOf(id)), nextAt];
      };
      const lease = room.now + READ_LEASE_MS;
      expect(claimed(1, 'large')).toEqual([1, START + 4 * SECOND]);
      expect(claimed(1, 'small')).toEqual([0, START + 3 * SECOND]);
      expect(claimed(2)).toEqual([2, 3, START + 5 * SECOND]);
      expect(room.room.nextArrivalDue({ now: room.now })).toBe(START + 5 * SECOND);
      expect(claimed(9, 'small')).toEqual([4, lease]);
      expect(claimed(9, 'small')).toEqual([lease]);
      expect(claimed(9)).toEqual([5, lease]);
    }));

  test('the oldest is read first, no mail is held twice, and the end of the lease is the next look', () =>
    house((room) => {
      const ids = [1, 2, 3].map(() => {
        room.now += SECOND;
        return received(room);
      });
      expect(idsOf({ items: arrivals(room, 2) })).toEqual(ids.slice(0, 2));
      expect(idsOf({ items: arrivals(room) })).toEqual(ids.slice(2));
      expect(arrivals(room)).toEqual([]);
      expect(room.room.nextArrivalDue({ now: room.now })).toBe(room.now + READ_LEASE_MS);
    }));

  test('a header without end costs a row below the limit of both hosts, and the mail is kept', () =>
    house((room) => {
      const big = 'x\u0000'.repeat(60_000);
      const mailboxes = Array.from({ length: 1_000 }, (_, i) => ({
        name: '\u{1F600}'.repeat(200),
        address: `${i}@b`,
      }));
      const id = received(room, {
        head: head({
          subject: big,
          messageId: `<${big}>`,
          inReplyTo: `<${big}>`,
          from: mailboxes,
          to: mailboxes,
          cc: mailboxes,
          references: Array.from({ length: 200 }, (_, i) => `<${'r'.repeat(900)}${i}>`),
          headers: Array.from({ length: 1_000 }, (_, i) => [`x-${i}`, big.slice(0, 2_000)] as const),
        }),
      });
      const [size] = room.sql.exec<{ n: number }>(
        'SELECT length(head) + length(headers) AS n FROM received_contents',
      );
      expect(size?.n).toBeLessThan(1_500_000);
      expect(detail(room, id).head.headers.length).toBeGreaterThan(10);
      expect(oneArrival(room).id).toBe(id);
      expect(room.room.removeReceived({ id, now: room.now }).ok).toBe(true);
      expect(room.sql.exec('SELECT 1 FROM received_terms')).toEqual([]);
    }));
}

function repetitions(house: LendHouse): void {
  test('the same bytes for the same envelope are one mail, whatever the order of its recipients', () =>
    house((room) => {
      const same = { rawSha256: 'same', envelopeTo: ['a@mine.example', 'b@mine.example'] };
      const id = received(room, same);
      const again = receive(room, {
        ...same,
        envelopeTo: ['b@mine.example', 'a@mine.example'],
        rawKey: 't/default/again',
      });
      expect(again).toEqual({ ok: true, value: { id, duplicate: true, objects: ['t/default/again'] } });
      expect(idsOf(listed(room))).toEqual([id]);
    }));

  test.each([
    ['other bytes', { rawSha256: 'other' }],
    ['another recipient', { envelopeTo: ['b@mine.example'] }],
    ['another sender', { envelopeFrom: 'bob@example.org' }],
    ['the null sender', { envelopeFrom: '' }],
    ['no sender told', { envelopeFrom: null }],
  ])('%s make another mail', (_name, change) =>
    house((room) => {
      const first = received(room, { rawSha256: 'same', envelopeTo: ['a@mine.example'] });
      const second = received(room, { rawSha256: 'same', envelopeTo: ['a@mine.example'], ...change });
      expect(second).not.toBe(first);
    }),
  );

  test('threats §8 r5: the same delivery in the words of a provider is one mail, whatever its bytes; of another source it is not', () =>
    house((room) => {
      const id = received(room, { source: 'ses', deliveryId: 'd-1' });
      expect(received(room, { source: 'ses', deliveryId: 'd-1', envelopeTo: ['b@mine.example'] })).toBe(id);
      expect(received(room, { source: 'postmark', deliveryId: 'd-1' })).not.toBe(id);
    }));

  test('it is known for 48 hours, also when the mail is gone, and forgotten by the sweep', () =>
    house((room) => {
      const id = received(room, { rawSha256: 'same' });
      room.room.removeReceived({ id, now: room.now });
      room.now += 48 * HOUR - 1;
      expect(receive(room, { rawSha256: 'same' })).toMatchObject({ value: { id, duplicate: true } });
      room.room.sweep({ now: room.now, limit: 100 });
      expect(room.sql.exec('SELECT 1 FROM received_marks')).toHaveLength(1);
      room.now += 1;
      const second = received(room, { rawSha256: 'same' });
      expect(second).not.toBe(id);
      room.now += 48 * HOUR;
      room.room.sweep({ now: room.now, limit: 100 });
      expect(room.sql.exec('SELECT 1 FROM received_marks')).toEqual([]);
    }));

  test('asked again about the same arrival, its object stays', () =>
    house((room) => {
      const given = arrival(room);
      room.room.receive({ arrival: given, now: room.now });
      const again = room.room.receive({ arrival: given, now: room.now });
      expect(again).toEqual({ ok: true, value: { id: given.id, duplicate: true, objects: [] } });
    }));

  test('an object that is just being deleted is refused, and nothing is kept', () =>
    house((room) => {
      room.room.strayObjects({ keys: ['t/default/going'], now: room.now });
      const refusal = receive(room, { rawKey: 't/default/going' });
      expect(refusal).toMatchObject({ ok: false, refusal: { code: 'unavailable' } });
      expect(idsOf(listed(room))).toEqual([]);
    }));
}
