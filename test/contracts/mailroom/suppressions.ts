import { describe, expect, test } from 'vitest';
import type { NewSuppression, Page, SuppressionRecord } from '../../../src/mailroom/records.ts';
import type { LendHouse } from '../mailroom.ts';
import { bounced, HOUR, type House, SECOND, START } from './house.ts';

const PAGE: Page = { limit: 2, after: null, before: null };

function add(room: House, address: string, change: Partial<NewSuppression> = {}): SuppressionRecord {
  const entry = { id: room.newId(), address, expiresAt: null, note: null, ...change };
  const [record] = room.room.suppress({ entries: [entry], now: room.now });
  if (record === undefined) throw new Error('No record');
  return record;
}

const lookUp = (room: House, idOrAddress: string): SuppressionRecord | null =>
  room.room.suppression({ idOrAddress, now: room.now });

export function suppressionsContract(house: LendHouse): void {
  describe('suppressions', () => {
    entries(house);
    leaving(house);
    effects(house);
  });
}

/** RFC 8058: one click, once or many times. */
function leaving(house: LendHouse): void {
  const leave = (room: House, address: string): void =>
    room.room.unsubscribe({ id: room.newId(), address, now: room.now });

  test('whoever follows the link of a mail is on the list of the account, and stays there as he is', () =>
    house((room) => {
      leave(room, 'ann@example.org');
      const entry = lookUp(room, 'ann@example.org');
      expect(entry).toMatchObject({ origin: 'manual', sourceId: null, expiresAt: null, createdAt: START });
      room.now += HOUR;
      leave(room, 'ANN@example.org');
      expect(lookUp(room, 'ann@example.org')).toEqual(entry);
    }));

  test('an entry that would have ended stays for whoever asked for no more, and for an address that is dead', () =>
    house((room) => {
      const ends = { expiresAt: START + HOUR, note: 'on holiday' };
      const asked = add(room, 'ann@example.org', ends);
      leave(room, 'Ann@example.org');
      const id = room.accepted(['ben@example.org']);
      const claim = room.claimed();
      const dead = add(room, 'ben@example.org', ends);
      room.settle(claim, bounced('550 5.1.1 no such user', { suppress: true }));
      room.now += 2 * HOUR;
      expect(lookUp(room, 'ann@example.org')).toMatchObject({
        id: asked.id,
        expiresAt: null,
        origin: 'manual',
      });
      const entry = { id: dead.id, expiresAt: null, note: null, origin: 'bounce', sourceId: id };
      expect(lookUp(room, 'ben@example.org')).toMatchObject(entry);
      expect(room.room.sweep({ now: room.now, limit: 10 })).toMatchObject({ removed: 0 });
    }));

  test('it is told once, and what is sent after it is recorded and not sent', () =>
    house((room) => {
      leave(room, 'ann@example.org');
      leave(room, 'ann@example.org');
      const id = room.accepted();
      expect(room.recipient(id)).toMatchObject({ state: 'suppressed', reason: 'manual' });
      const filter = { type: null, emailId: null, recipient: null, tag: null, since: null, until: null };
      const told = room.room.events({ filter: { ...filter, type: 'suppression.added' }, page: PAGE });
      expect(told).toMatchObject({ value: { items: [{ recipient: 'ann@example.org' }] } });
    }));
}

function entries(house: LendHouse): void {
  test('an entry is found by its id and by its address in any case', () =>
    house((room) => {
      const entry = add(room, 'Ann@example.org', { note: 'asked by phone' });
      expect(entry).toMatchObject({
        origin: 'manual',
        sourceId: null,
        createdAt: START,
        note: 'asked by phone',
      });
      expect(lookUp(room, entry.id)).toEqual(entry);
      expect(lookUp(room, 'aNN@example.org')).toEqual(entry);
      expect(lookUp(room, 'ben@example.org')).toBeNull();
    }));

  test('an address that is listed already answers its entry', () =>
    house((room) => {
      const entry = add(room, 'ann@example.org');
      expect(add(room, 'ANN@example.org')).toEqual(entry);
    }));

  test('threats §3: the two spellings of one letter are one entry', () =>
    house((room) => {
      expect(add(room, 'jose\u0301@example.org')).toEqual(add(room, 'jos\u00E9@example.org'));
    }));

  test('an entry stops to apply at the moment it ends, and can be made anew', () =>
    house((room) => {
      const entry = add(room, 'ann@example.org', { expiresAt: START + HOUR });
      room.now = START + HOUR - 1;
      expect(lookUp(room, 'ann@example.org')).toEqual(entry);
      room.now = START + HOUR;
      expect(lookUp(room, 'ann@example.org')).toBeNull();
      expect(room.room.suppressions({ page: PAGE, origin: null, now: room.now })).toMatchObject({
        value: { items: [] },
      });
      const again = add(room, 'ann@example.org');
      expect(again).toMatchObject({ createdAt: START + HOUR, expiresAt: null });
      expect(lookUp(room, entry.id)).toBeNull();
    }));

  test('entries are listed newest first, and by origin', () =>
    house((room) => {
      const [a, b, c] = ['a@example.org', 'b@example.org', 'c@example.org'].map((address) => {
        room.now += SECOND;
        return add(room, address);
      });
      const list = (page: Partial<Page>, origin: SuppressionRecord['origin'] | null = null): unknown =>
        room.room.suppressions({ page: { ...PAGE, ...page }, origin, now: room.now });
      expect(list({})).toEqual({ ok: true, value: { items: [c, b], hasMore: true } });
      expect(list({ after: b?.id ?? null })).toEqual({ ok: true, value: { items: [a], hasMore: false } });
      expect(list({ before: a?.id ?? null }, 'manual')).toEqual({
        ok: true,
        value: { items: [c, b], hasMore: false },
      });
      expect(list({}, 'bounce')).toEqual({ ok: true, value: { items: [], hasMore: false } });
    }));

  test('what is removed is answered in the order asked, the unknown left out', () =>
    house((room) => {
      const [a, b] = [add(room, 'a@example.org'), add(room, 'b@example.org')];
      const call = { idsOrAddresses: [b.id, 'nobody@example.org', 'A@example.org'], now: room.now };
      expect(room.room.unsuppress(call)).toEqual([b, a]);
      expect(room.room.unsuppress(call)).toEqual([]);
    }));
}

function effects(house: LendHouse): void {
  test('transition 2: a suppressed recipient is recorded and never queued; the others are sent to', () =>
    house((room) => {
      add(room, 'ann@example.org');
      const id = room.accepted(['Ann@example.org', 'ben@example.org']);
      expect(room.recipient(id)).toMatchObject({ state: 'suppressed', dueAt: null, reason: 'manual' });
      expect(room.eventTypes(id)).toEqual(['suppressed', 'queued']);
      expect(room.claimed().recipients.map(({ ordinal }) => ordinal)).toEqual([1]);
    }));

  test('in a batch of thousands of recipients each suppressed one is found, the first, the last and those between', () =>
    house((room) => {
      const address = (place: number): string => `r${place}@example.org`;
      const mails = Array.from({ length: 51 }, (_, mail) =>
        room.email(Array.from({ length: 100 }, (_, place) => address(mail * 100 + place))),
      );
      const listed = [0, 4_999, 5_000, 5_099];
      for (const place of listed) add(room, address(place));
      expect(room.send(mails, { mode: 'strict' }).kind).toBe('accepted');
      const found = mails.flatMap(({ id }) =>
        room.read(id).recipients.filter((one) => one.state !== 'queued'),
      );
      expect(found.map((one) => one.address)).toEqual(listed.map(address));
    }));

  test('a mail whose recipients are all suppressed is accepted and finished', () =>
    house((room) => {
      add(room, 'ann@example.org');
      const id = room.accepted();
      expect(room.read(id).lastEvent).toBe('suppressed');
      expect(room.room.depth({ now: room.now })).toEqual({ queued: 0, oldestDueAt: null });
      expect(room.room.nextDue({ now: room.now })).toBeNull();
    }));

  test('an address that the reply called wrong is suppressed, with the mail it came from', () =>
    house((room) => {
      const id = room.accepted(['Ann@example.org']);
      room.settle(room.claimed(), bounced('550 5.1.1 no such user', { suppress: true }));
      expect(lookUp(room, 'ann@example.org')).toMatchObject({
        origin: 'bounce',
        sourceId: id,
        expiresAt: null,
      });
      expect(room.recipient(room.accepted())).toMatchObject({
        state: 'suppressed',
        reason: 'previous_bounce',
      });
    }));

  test('a refusal that does not blame the address suppresses nothing', () =>
    house((room) => {
      room.accepted();
      room.settle(room.claimed(), bounced('554 5.7.1 spam', { reason: 'policy' }));
      expect(lookUp(room, 'ann@example.org')).toBeNull();
    }));
}
