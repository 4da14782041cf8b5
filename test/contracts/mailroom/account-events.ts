import { describe, expect, test } from 'vitest';
import type { EventFilter } from '../../../src/mailroom/webhook-records.ts';
import type { LendHouse } from '../mailroom.ts';
import { bounced, HOUR, type House, MINUTE, SENT, START } from './house.ts';
import { accountEvents } from './webhook-house.ts';

const NONE: EventFilter = { type: null, emailId: null, recipient: null, tag: null, since: null, until: null };

interface Filled {
  readonly ann: string;
  readonly ben: string;
}

/** Two mails an hour apart, one sent and one bounced. */
function fill(room: House): Filled {
  const tags = [
    { name: 'order', value: '17' },
    { name: 'kind', value: 'welcome' },
  ];
  const ann = room.accepted(['Ann@example.org'], { tags });
  room.settle(room.claimed(), SENT);
  room.now += HOUR;
  const ben = room.accepted(['ben@example.org'], { tags: tags.slice(1) });
  room.settle(room.claimed(), bounced('550 5.1.1 no', { suppress: true }));
  return { ann, ben };
}

export function accountEventsContract(house: LendHouse): void {
  describe('the events of an account', () => {
    test('all of them are listed, newest first, those of no mail among them', () =>
      house((room) => {
        const { ann, ben } = fill(room);
        expect(accountEvents(room).map(({ type, emailId, recipient }) => [type, emailId, recipient])).toEqual(
          [
            ['suppression.added', null, 'ben@example.org'],
            ['email.bounced', ben, 'ben@example.org'],
            ['email.queued', ben, 'ben@example.org'],
            ['email.sent', ann, 'Ann@example.org'],
            ['email.queued', ann, 'Ann@example.org'],
          ],
        );
        expect(accountEvents(room)[1]).toMatchObject({
          attempt: 1,
          relay: 'first',
          phase: 'rcpt',
          smtp: { code: 550 },
          reason: 'user_unknown',
          bounce: { type: 'Permanent' },
          webhookId: null,
        });
      }));

    test.each<[string, (filled: Filled) => Partial<EventFilter>, readonly string[]]>([
      ['type', () => ({ type: 'email.queued' }), ['queued ben', 'queued Ann']],
      ['mail', ({ ann }) => ({ emailId: ann }), ['sent Ann', 'queued Ann']],
      ['recipient, in any case', () => ({ recipient: 'aNN@Example.org' }), ['sent Ann', 'queued Ann']],
      [
        'tag',
        () => ({ tag: { name: 'kind', value: 'welcome' } }),
        ['bounced ben', 'queued ben', 'sent Ann', 'queued Ann'],
      ],
      [
        'a tag that one mail has',
        () => ({ tag: { name: 'order', value: '17' } }),
        ['sent Ann', 'queued Ann'],
      ],
      ['a tag with another value', () => ({ tag: { name: 'order', value: '1' } }), []],
      [
        'the beginning of a time',
        () => ({ since: START + HOUR }),
        ['added ben', 'bounced ben', 'queued ben'],
      ],
      ['the end of a time', () => ({ until: START }), ['sent Ann', 'queued Ann']],
      ['a moment between', () => ({ since: START + 1, until: START + HOUR - 1 }), []],
      ['type and tag', () => ({ type: 'email.sent', tag: { name: 'kind', value: 'welcome' } }), ['sent Ann']],
      [
        'recipient and type',
        () => ({ type: 'email.bounced', recipient: 'ben@example.org' }),
        ['bounced ben'],
      ],
      [
        'recipient and tag',
        () => ({ recipient: 'ben@example.org', tag: { name: 'kind', value: 'welcome' } }),
        ['bounced ben', 'queued ben'],
      ],
      [
        'tag and time',
        () => ({ tag: { name: 'kind', value: 'welcome' }, until: START + MINUTE }),
        ['sent Ann', 'queued Ann'],
      ],
      [
        'all at once',
        ({ ann }) => ({
          type: 'email.sent',
          emailId: ann,
          recipient: 'ann@example.org',
          tag: { name: 'order', value: '17' },
          since: START,
          until: START,
        }),
        ['sent Ann'],
      ],
      ['a mail that is not there', () => ({ emailId: '00000000-0000-7000-8000-ffffffffffff' }), []],
    ])('filtered by %s', (_, filterOf, expected) =>
      house((room) => {
        const filled = fill(room);
        const found = accountEvents(room, filterOf(filled)).map(
          ({ type, recipient }) => `${type.split('.')[1]} ${recipient?.split('@')[0]}`,
        );
        expect(found).toEqual(expected);
      }),
    );

    test.each<[string, Partial<EventFilter>]>([
      ['unfiltered', {}],
      ['by type', { type: 'email.queued' }],
      ['by tag', { tag: { name: 'kind', value: 'welcome' } }],
      ['by recipient', { recipient: 'ann@example.org' }],
    ])(
      'pages have neither gaps nor repeats, forwards and backwards, though many share a moment: %s',
      (_, change) =>
        house((room) => {
          for (let times = 0; times < 7; times++) {
            if (times % 3 === 0) room.now += MINUTE;
            room.accepted(undefined, { tags: [{ name: 'kind', value: 'welcome' }] });
          }
          const filter = { ...NONE, ...change };
          const all = accountEvents(room, change).map(({ id }) => id);
          expect(all).toHaveLength(7);
          const walk = (step: 'after' | 'before'): readonly string[] => {
            const found: string[] = step === 'after' ? all.slice(0, 1) : all.slice(-1);
            for (let hasMore = true; hasMore; ) {
              const cursor = (step === 'after' ? found.at(-1) : found[0]) ?? '';
              const page = room.room.events({
                filter,
                page: { limit: 2, after: null, before: null, [step]: cursor },
              });
              if (!page.ok) throw new Error(page.refusal.message);
              const ids = page.value.items.map(({ id }) => id);
              if (step === 'after') found.push(...ids);
              else found.unshift(...ids);
              hasMore = page.value.hasMore;
            }
            return found;
          };
          expect(walk('after')).toEqual(all);
          expect(walk('before')).toEqual(all);
        }),
    );

    test('an unknown cursor is refused', () =>
      house((room) => {
        fill(room);
        const page = { limit: 2, after: room.newId(), before: null };
        expect(room.room.events({ filter: NONE, page })).toMatchObject({
          ok: false,
          refusal: { code: 'validation_error', field: 'after' },
        });
      }));

    test('the events of a removed mail go with their tags; what is about no mail stays', () =>
      house((room) => {
        const { ann, ben } = fill(room);
        for (const id of [ann, ben]) room.room.removeEmail({ id, now: room.now });
        expect(accountEvents(room).map(({ type }) => type)).toEqual(['suppression.added']);
        expect(room.sql.exec('SELECT * FROM event_tags')).toEqual([]);
      }));

    test('after their retention they go with their tags', () =>
      house(
        (room) => {
          fill(room);
          room.now = START + HOUR + 1;
          room.room.sweep({ now: room.now, limit: 100 });
          expect(accountEvents(room)).toHaveLength(3);
          expect(room.sql.exec('SELECT * FROM event_tags')).toHaveLength(2);
          room.now += HOUR;
          room.room.sweep({ now: room.now, limit: 100 });
          expect(accountEvents(room)).toEqual([]);
          expect(room.sql.exec('SELECT * FROM event_tags')).toEqual([]);
        },
        { eventRetentionMs: HOUR },
      ));
  });
}
