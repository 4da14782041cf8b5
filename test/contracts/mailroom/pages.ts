import { describe, expect, test } from 'vitest';
import type { Page } from '../../../src/mailroom/records.ts';
import type { LendHouse } from '../mailroom.ts';
import { deferred, HOUR, type House, SECOND, SENT } from './house.ts';

function pageOf(change: Partial<Page>): Page {
  return { limit: 2, after: null, before: null, ...change };
}

function ids(room: House, change: Partial<Page>): readonly unknown[] {
  const result = room.room.emails({ page: pageOf(change) });
  if (!result.ok) throw new Error(result.refusal.message);
  return [result.value.items.map(({ id }) => id), result.value.hasMore];
}

export function pagesContract(house: LendHouse): void {
  describe('pages', () => {
    test('mails are listed newest first, and walked to older and to newer ones', () =>
      house((room) => {
        const [a, b, c, d, e] = Array.from({ length: 5 }, () => {
          room.now += SECOND;
          return room.accepted();
        });
        expect(ids(room, {})).toEqual([[e, d], true]);
        expect(ids(room, { after: d ?? null })).toEqual([[c, b], true]);
        expect(ids(room, { after: b ?? null })).toEqual([[a], false]);
        expect(ids(room, { before: b ?? null })).toEqual([[d, c], true]);
        expect(ids(room, { before: d ?? null })).toEqual([[e], false]);
        expect(ids(room, { before: e ?? null })).toEqual([[], false]);
      }));

    test('mails of one moment are ordered by id, so that no page repeats or skips one', () =>
      house((room) => {
        const sent = Array.from({ length: 5 }, () => room.accepted());
        const first = ids(room, {});
        expect(first).toEqual([[sent[4], sent[3]], true]);
        room.accepted();
        expect(ids(room, { after: sent[3] ?? null })).toEqual([[sent[2], sent[1]], true]);
      }));

    test('a list shows each mail as it stands, without its body', () =>
      house((room) => {
        const id = room.accepted(['ann@example.org', 'ben@example.org']);
        room.settle(room.claimed(), SENT);
        room.now += SECOND;
        room.accepted();
        const { content, recipients, attachments, ...shown } = room.read(id);
        const list = room.room.emails({ page: pageOf({}) });
        expect(list.ok && list.value.items[1]).toEqual(shown);
        expect(shown.lastEvent).toBe('sent');
      }));

    test.each(['after', 'before'] as const)(
      'threats §9 r6: the cursor of another account is unknown here: %s',
      (field) =>
        house((room) => {
          room.accepted();
          const foreign = '00000000-0000-7000-8000-00000000beef';
          const refusal = { code: 'validation_error', field };
          const page = pageOf({ [field]: foreign });
          expect(room.room.emails({ page })).toMatchObject({ ok: false, refusal });
          expect(room.room.apiKeys({ page })).toMatchObject({ ok: false, refusal });
          expect(room.room.suppressions({ page, origin: null, now: room.now })).toMatchObject({
            ok: false,
            refusal,
          });
          expect(room.room.emailEvents({ id: room.accepted(), page })).toMatchObject({ ok: false, refusal });
        }),
    );

    test('threats §9 r6: an id of another account is not found, like one that never was', () =>
      house((room) => {
        const id = '00000000-0000-7000-8000-00000000beef';
        const gone = { ok: false, refusal: { code: 'not_found', message: 'Email not found' } };
        expect(room.room.email({ id })).toBeNull();
        expect(room.room.emailEvents({ id, page: pageOf({}) })).toEqual(gone);
        expect(room.room.cancel({ id, now: room.now })).toEqual(gone);
        expect(room.room.reschedule({ id, scheduledAt: room.now, now: room.now })).toEqual(gone);
        expect(room.room.retry({ id, now: room.now })).toEqual(gone);
        expect(room.room.removeEmail({ id, now: room.now })).toEqual(gone);
      }));

    test('events are walked like mails, in the order in which they were written', () =>
      house((room) => {
        const id = room.accepted();
        room.settle(room.claimed(), deferred('450 4.2.0 later'));
        room.now += HOUR;
        room.settle(room.claimed(), SENT);
        const [queued, delayed, sent] = room.events(id);
        const walk = (change: Partial<Page>): unknown => {
          const result = room.room.emailEvents({ id, page: pageOf({ limit: 1, ...change }) });
          return result.ok && [result.value.items.map(({ type }) => type), result.value.hasMore];
        };
        expect(walk({})).toEqual([['email.sent'], true]);
        expect(walk({ after: sent?.id ?? null })).toEqual([['email.delivery_delayed'], true]);
        expect(walk({ after: delayed?.id ?? null })).toEqual([['email.queued'], false]);
        expect(walk({ before: queued?.id ?? null })).toEqual([['email.delivery_delayed'], true]);
        expect(walk({ before: delayed?.id ?? null })).toEqual([['email.sent'], false]);
      }));
  });
}
