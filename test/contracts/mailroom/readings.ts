import { describe, expect, test } from 'vitest';
import type { LendHouse } from '../mailroom.ts';
import { DAY, SECOND, START } from './house.ts';
import {
  addRoute,
  arrivals,
  detail,
  file,
  head,
  idsOf,
  listed,
  oneArrival,
  READ_LEASE_MS,
  readIn,
  received,
  settle,
  settleRead,
} from './inbox-house.ts';
import { accountEvents } from './webhook-house.ts';

export function readingsContract(house: LendHouse): void {
  describe('reading mail that came in', () => {
    reading(house);
    trouble(house);
  });
}

function reading(house: LendHouse): void {
  test('what was read is there as a whole, with one event', () =>
    house((room) => {
      const id = received(room, { envelopeTo: ['support+17@mine.example'] });
      room.now += SECOND;
      const files = [
        file('b.pdf'),
        file('a.pdf', { filename: null, contentId: 'cid', disposition: 'inline' }),
      ];
      const facts = {
        head: head({ subject: 'In full', headers: [['__proto__', 'x']] }),
        attachments: files,
        authentication: { spf: 'fail', dkim: null, dmarc: 'none', source: 'header' },
        auto: { reply: true, bounce: false, list: true },
        strippedText: 'Why',
      } as const;
      expect(settleRead(room, oneArrival(room), facts)).toBe('settled');
      expect(detail(room, id)).toMatchObject({
        ...facts,
        parse: 'full',
        content: { kind: 'inline', html: '<p>Why?</p>', text: 'Why?' },
        mailboxHash: '17',
      });
      const [event, ...others] = accountEvents(room);
      expect(others).toEqual([]);
      expect(event).toMatchObject({
        type: 'email.received',
        emailId: id,
        createdAt: room.now,
        recipient: null,
      });
      expect(accountEvents(room, { emailId: id })).toEqual([event]);
      expect(accountEvents(room, { type: 'email.received' })).toEqual([event]);
      expect(room.room.nextArrivalDue({ now: room.now })).toBeNull();
    }));

  test('text that is an object is named, and so are files', () =>
    house((room) => {
      const id = readIn(
        room,
        {},
        { content: { kind: 'object', key: 't/default/text' }, attachments: [file('a')] },
      );
      expect(detail(room, id).content).toEqual({ kind: 'object', key: 't/default/text' });
      const keys = [`t/default/raw-${id}`, 't/default/text', 't/default/a'];
      expect(room.room.strayObjects({ keys, now: room.now })).toEqual([]);
      const removed = room.room.removeReceived({ id, now: room.now });
      expect(removed.ok && removed.value.objects.toSorted()).toEqual(keys.toSorted());
    }));

  test('a mail with the same file twice names it once', () =>
    house((room) => {
      const id = readIn(room, {}, { attachments: [file('a'), file('b', { key: 't/default/a' })] });
      expect(detail(room, id).attachments.map(({ key }) => key)).toEqual(['t/default/a', 't/default/a']);
    }));

  test('a settle of an old claim changes nothing', () =>
    house((room) => {
      const id = received(room);
      const old = oneArrival(room);
      room.now += READ_LEASE_MS + 10 * SECOND;
      arrivals(room);
      room.now += 10 * SECOND;
      const claim = oneArrival(room);
      expect(settleRead(room, old, { parse: 'limited' })).toBe('stale');
      expect(settleRead(room, claim)).toBe('settled');
      expect(settleRead(room, claim)).toBe('stale');
      expect(settle(room, { ...claim, claimId: 'nonsense' }, { kind: 'withdrawn' })).toBe('stale');
      expect(detail(room, id).parse).toBe('full');
      expect(accountEvents(room)).toHaveLength(1);
    }));

  test('a file that is just being deleted is stored again: the mail is read once more, uncounted', () =>
    house((room) => {
      received(room);
      const claim = oneArrival(room);
      room.room.strayObjects({ keys: ['t/default/a'], now: room.now });
      expect(settleRead(room, claim, { attachments: [file('a')] })).toBe('stale');
      room.room.objectsDeleted({ keys: ['t/default/a'], now: room.now });
      room.now += 10 * SECOND;
      const again = oneArrival(room);
      expect(again.attempt).toBe(1);
      expect(settleRead(room, again, { attachments: [file('a')] })).toBe('settled');
    }));

  test('one that is removed while it is read is gone', () =>
    house((room) => {
      const id = received(room);
      const claim = oneArrival(room);
      expect(room.room.removeReceived({ id, now: room.now }).ok).toBe(true);
      expect(settleRead(room, claim)).toBe('stale');
      expect(room.room.receivedEmail({ id })).toBeNull();
      expect(accountEvents(room)).toEqual([]);
    }));
}

function trouble(house: LendHouse): void {
  test('a mail that its readers die of twice is told from its header, once, and never read again', () =>
    house((room) => {
      const id = received(room);
      settle(room, oneArrival(room), { kind: 'failed', cause: 'memory' });
      expect(arrivals(room)).toEqual([]);
      expect(room.room.nextArrivalDue({ now: room.now })).toBe(START + 10 * SECOND);
      room.now += 10 * SECOND;
      const second = oneArrival(room);
      expect(second.attempt).toBe(2);
      settle(room, second, { kind: 'failed', cause: 'memory' });
      expect(room.room.nextArrivalDue({ now: room.now })).toBeNull();
      expect(detail(room, id)).toMatchObject({ parse: 'limited', head: head() });
      expect(accountEvents(room).map(({ type, emailId }) => [type, emailId])).toEqual([
        ['email.received', id],
      ]);
    }));

  test('one that is to be passed on is claimed once more after that, so that it can go on unread', () =>
    house((room) => {
      addRoute(room, { recipient: 'pass@mine.example' }, [{ type: 'forward', to: 'boss@away.example' }]);
      const ids = [0, 1].map(() => received(room, { envelopeTo: ['pass@mine.example'] }));
      for (const attempt of [1, 2]) {
        for (const claim of arrivals(room)) {
          expect(claim.attempt).toBe(attempt);
          settle(room, claim, { kind: 'failed', cause: 'memory' });
        }
        expect(accountEvents(room)).toEqual([]);
        room.now += 10 * SECOND;
      }
      const [first, second] = arrivals(room);
      if (first === undefined || second === undefined) throw new Error('No third claim');
      expect(first).toMatchObject({ attempt: 3, forwardTo: ['boss@away.example'] });
      const forward = room.email(['boss@away.example']);
      expect(settleRead(room, first, { parse: 'limited' }, { forwards: [forward] })).toBe('settled');
      settle(room, second, { kind: 'failed', cause: 'memory' });
      expect(room.room.email({ id: forward.id })).not.toBeNull();
      const told = accountEvents(room, { type: 'email.received' });
      expect(told.map(({ emailId }) => emailId)).toEqual(ids.toReversed());
      expect(room.room.nextArrivalDue({ now: room.now })).toBeNull();
    }));

  test('one whose header was too long for the list is claimed once more, so that all of its header is told', () =>
    house((room) => {
      const cut = { isHeadCut: true, head: head({ from: [], subject: '' }) } as const;
      const ids = [received(room, cut), received(room, { ...cut, isHeadCut: false }), received(room, cut)];
      for (const attempt of [1, 2]) {
        for (const claim of arrivals(room)) {
          expect(claim.attempt).toBe(attempt);
          settle(room, claim, { kind: 'failed', cause: 'time' });
        }
        room.now += 10 * SECOND;
      }
      expect(accountEvents(room).map(({ emailId }) => emailId)).toEqual([ids[1]]);
      const [first, last] = arrivals(room);
      if (first === undefined || last === undefined) throw new Error('No third claim');
      expect([first, last].map(({ id, attempt }) => [id, attempt])).toEqual([
        [ids[0], 3],
        [ids[2], 3],
      ]);
      expect(settleRead(room, first, { parse: 'limited' })).toBe('settled');
      settle(room, last, { kind: 'failed', cause: 'time' });
      expect(idsOf(listed(room, { from: 'ann@example.org' }))).toEqual([ids[0]]);
      expect(accountEvents(room)).toHaveLength(3);
      expect(room.room.nextArrivalDue({ now: room.now })).toBeNull();
    }));

  test('a lease that ends is no try that failed, but eight of them end a mail too', () =>
    house((room) => {
      const id = received(room);
      for (let crashes = 1; crashes <= 8; crashes += 1) {
        expect(accountEvents(room)).toEqual([]);
        expect(oneArrival(room)).toMatchObject({ id, attempt: 1 });
        room.now += READ_LEASE_MS;
        expect(arrivals(room)).toEqual([]);
        room.now += 10 * SECOND;
      }
      expect(arrivals(room)).toEqual([]);
      expect(accountEvents(room)).toHaveLength(1);
      expect(detail(room, id).parse).toBe('limited');
    }));

  test('what was claimed when its process was killed twice is read in full by the third', () =>
    house((room) => {
      const ids = [1, 2, 3].map(() => received(room));
      for (const _kill of [1, 2]) {
        expect(arrivals(room)).toHaveLength(3);
        room.reopened();
        room.room.recover({ now: room.now, all: true });
        room.now += 10 * SECOND;
      }
      for (const claim of arrivals(room)) expect(settleRead(room, claim)).toBe('settled');
      expect(ids.map((id) => detail(room, id).parse)).toEqual(['full', 'full', 'full']);
    }));

  test('one that is to be passed on is passed on unread after eight ends without a word', () =>
    house((room) => {
      addRoute(room, { recipient: 'pass@mine.example' }, [{ type: 'forward', to: 'boss@away.example' }]);
      received(room, { envelopeTo: ['pass@mine.example'] });
      for (let crashes = 1; crashes <= 8; crashes += 1) {
        oneArrival(room);
        room.reopened();
        room.room.recover({ now: room.now, all: true });
        room.now += 10 * SECOND;
      }
      expect(accountEvents(room)).toEqual([]);
      expect(oneArrival(room)).toMatchObject({ attempt: 3, forwardTo: ['boss@away.example'] });
      room.reopened();
      room.room.recover({ now: room.now, all: true });
      expect(accountEvents(room)).toHaveLength(1);
      expect(room.room.nextArrivalDue({ now: room.now })).toBeNull();
    }));

  test('readers may outlive those who carry mail: then their leases stay', () =>
    house((room) => {
      received(room);
      const claim = oneArrival(room);
      expect(room.room.recover({ now: room.now, all: true, allReadings: false })).toBe(0);
      expect(settleRead(room, claim)).toBe('settled');
    }));

  test('a mail whose bytes storage does not give for a day is told from its header, however often that was', () =>
    house((room) => {
      const id = received(room);
      room.now += 3 * DAY;
      const missed = { kind: 'withdrawn', isUnreadable: true } as const;
      for (const later of [10 * SECOND, DAY - 11 * SECOND, 10 * SECOND]) {
        expect(settle(room, oneArrival(room), missed)).toBe('settled');
        expect(accountEvents(room)).toEqual([]);
        room.now += later;
      }
      const claim = oneArrival(room);
      room.now += SECOND;
      settle(room, claim, missed);
      expect(detail(room, id)).toMatchObject({ parse: 'limited', head: head() });
      expect(accountEvents(room)).toHaveLength(1);
      expect(room.room.nextArrivalDue({ now: room.now })).toBeNull();
    }));

  test('a withdrawn try is not counted, however often', () =>
    house((room) => {
      received(room);
      for (let i = 0; i < 5; i += 1) {
        const claim = oneArrival(room);
        expect(claim.attempt).toBe(1);
        expect(settle(room, claim, { kind: 'withdrawn' })).toBe('settled');
        expect(arrivals(room)).toEqual([]);
        room.now += 10 * SECOND;
      }
      expect(accountEvents(room)).toEqual([]);
    }));

  test('at the start of a single process no lease is live', () =>
    house((room) => {
      const id = received(room);
      const lost = oneArrival(room);
      expect(room.room.recover({ now: room.now, all: false })).toBe(0);
      room.reopened();
      expect(room.room.recover({ now: room.now, all: true })).toBe(1);
      expect(settleRead(room, lost)).toBe('stale');
      room.now += 10 * SECOND;
      expect(oneArrival(room)).toMatchObject({ id, attempt: 1 });
    }));
}
