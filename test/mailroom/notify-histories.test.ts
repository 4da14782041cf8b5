import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeliveryAnswer, DeliveryClaim } from '../../src/mailroom/webhook-records.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import { DAY, HOUR, House, MINUTE, SECOND, SENT } from '../contracts/mailroom/house.ts';
import {
  addWebhook,
  answered,
  calls,
  OK,
  SILENCE,
  sentTo,
  settleCall,
} from '../contracts/mailroom/webhook-house.ts';

type Happening =
  | { readonly kind: 'send' | 'crash' | 'recover' | 'sweep' }
  | { readonly kind: 'claim'; readonly limit: number }
  /** A receiver takes a call, or not; and we hear of it and write it, or not. */
  | { readonly kind: 'answer'; readonly pick: number; readonly answer: number; readonly heard: boolean }
  | { readonly kind: 'switch' | 'rotate' | 'late settle'; readonly pick: number }
  | { readonly kind: 'clock'; readonly byMs: number };

const ANSWERS: readonly DeliveryAnswer[] = [
  OK,
  answered(204),
  answered(500),
  answered(302),
  answered(503, HOUR),
  answered(410),
  SILENCE,
  { kind: 'broken', status: 200, response: '' },
  { kind: 'withdrawn' },
];

const pick = fc.nat(50);
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Happening>({ kind: 'send' }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      pick,
      answer: fc.nat(ANSWERS.length - 1),
      heard: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'recover' as const, 'sweep' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('switch' as const, 'rotate' as const, 'late settle' as const),
      pick,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.constantFrom(1, 10 * SECOND, 2 * MINUTE, HOUR, 12 * HOUR, 3 * DAY, -MINUTE),
    }),
  },
);

/** A house, its receivers, and what they know that it cannot know. */
class World {
  readonly house: House;
  readonly webhooks: readonly string[];
  /** `webhook event` that a receiver took, and the bytes it came with. */
  readonly taken = new Map<string, string>();
  /** Events that each webhook was to have. */
  readonly owed = new Set<string>();
  readonly #sql: SqliteFile;
  #open: DeliveryClaim[] = [];
  readonly #over: DeliveryClaim[] = [];

  constructor() {
    this.#sql = openSqlite(':memory:');
    this.house = new House(this.#sql);
    this.webhooks = [1, 2, 3].map((n) => addWebhook(this.house, { endpoint: `https://h${n}.example.com/` }));
  }

  close(): void {
    this.#sql.close();
  }

  happen(happening: Happening): void {
    const { house } = this;
    switch (happening.kind) {
      case 'send':
        this.#send();
        break;
      case 'claim':
        this.#open.push(...calls(house, happening.limit));
        break;
      case 'answer':
        this.#answer(happening);
        break;
      case 'crash':
        this.#over.push(...this.#open);
        this.#open = [];
        house.reopened();
        house.room.recover({ now: house.now, all: true });
        break;
      case 'recover':
        house.room.recover({ now: house.now, all: false });
        break;
      case 'sweep':
        house.room.sweep({ now: house.now, limit: 10 });
        break;
      case 'late settle': {
        const call = this.#over[happening.pick % Math.max(1, this.#over.length)];
        if (call !== undefined) expect(settleCall(house, call, OK)).toEqual({ kind: 'stale' });
        break;
      }
      case 'clock':
        house.now += happening.byMs;
        break;
      case 'switch':
      case 'rotate':
        this.#wish(happening);
    }
  }

  #send(): void {
    const before = new Map(this.webhooks.map((id) => [id, sentTo(this.house, id).length]));
    this.house.accepted();
    for (const claim of this.house.claims()) this.house.settle(claim, SENT);
    for (const id of this.webhooks) {
      const events = sentTo(this.house, id);
      const isEnabled = this.house.room.webhook({ id })?.status === 'enabled';
      expect(events.length - (before.get(id) ?? 0)).toBe(isEnabled ? 1 : 0);
      if (isEnabled && events[0] !== undefined) this.owed.add(`${id} ${events[0].id}`);
    }
  }

  #answer({ pick: place, answer, heard }: Extract<Happening, { kind: 'answer' }>): void {
    const [call] = this.#open.splice(place % Math.max(1, this.#open.length), 1);
    const given = ANSWERS[answer];
    if (call === undefined || given === undefined) return;
    if (given.kind === 'answered' && given.status < 300) this.#take(call);
    this.#over.push(call);
    if (heard) settleCall(this.house, call, given);
    else this.house.now += 2 * MINUTE;
    if (!heard) this.house.room.recover({ now: this.house.now, all: false });
  }

  /** What a receiver does: it knows a repetition by its id, and it must be one to the byte. */
  #take(call: DeliveryClaim): void {
    const key = `${call.webhookId} ${call.eventId}`;
    const before = this.taken.get(key);
    if (before !== undefined) expect(call.payload).toBe(before);
    expect(this.owed.has(key)).toBe(true);
    this.taken.set(key, call.payload);
  }

  #wish(wish: Extract<Happening, { kind: 'switch' | 'rotate' }> | Happening): void {
    if (wish.kind !== 'switch' && wish.kind !== 'rotate') return;
    const { room, now } = this.house;
    const id = this.webhooks[wish.pick % this.webhooks.length] ?? '';
    if (wish.kind === 'rotate') room.rotateWebhookSecret({ id, sealedSecret: `s${now}`, now });
    else
      room.updateWebhook({
        id,
        now,
        status: room.webhook({ id })?.status === 'enabled' ? 'disabled' : 'enabled',
      });
  }

  /** Everything that has a place to be sent to has a due time, and nothing that is over has. */
  check(): void {
    for (const id of this.webhooks) {
      for (const { status, nextAttemptAt, id: eventId } of sentTo(this.house, id)) {
        if (status !== 'attempting') expect(nextAttemptAt).toBeNull();
        if (status === 'attempting') expect(nextAttemptAt).not.toBeNull();
        if (status === 'success') expect(this.taken.has(`${id} ${eventId}`)).toBe(true);
      }
    }
    const held = this.house.sql.exec<{ webhook: number; n: number }>(
      'SELECT webhook, COUNT(*) AS n FROM webhook_deliveries WHERE lease_until IS NOT NULL GROUP BY webhook',
    );
    for (const { n } of held) expect(n).toBeLessThanOrEqual(2);
  }

  /** The receivers are well again, whoever was disabled is enabled, and what has failed is replayed by hand. */
  drain(): void {
    const { room } = this.house;
    this.happen({ kind: 'crash' });
    for (const id of this.webhooks) {
      room.updateWebhook({ id, status: 'enabled', now: this.house.now });
      for (const { id: eventId, status } of sentTo(this.house, id)) {
        if (status !== 'failed') continue;
        expect(room.replayWebhookEvent({ webhookId: id, eventId, now: this.house.now })).toMatchObject({
          ok: true,
        });
      }
    }
    for (;;) {
      const at = room.nextDeliveryDue({ now: this.house.now });
      if (at === null) return;
      this.house.now = Math.max(this.house.now, at);
      for (const call of calls(this.house, 7)) {
        this.#take(call);
        settleCall(this.house, call, OK);
      }
    }
  }
}

test('every event reaches every webhook that wanted it, with one id and one text, whatever happens in between', () => {
  fc.assert(
    fc.property(fc.array(happenings, { minLength: 1, maxLength: 80 }), (history) => {
      const world = new World();
      try {
        for (const happening of history) {
          world.happen(happening);
          world.check();
        }
        world.drain();
        // The sweep may have taken what was over and past its time; nothing that was still to be sent.
        const listed = new Set(
          world.webhooks.flatMap((id) => sentTo(world.house, id).map((event) => `${id} ${event.id}`)),
        );
        const missing = [...world.owed].filter((key) => listed.has(key) && !world.taken.has(key));
        expect(missing).toEqual([]);
        for (const id of world.webhooks) {
          expect(sentTo(world.house, id).filter(({ status }) => status !== 'success')).toEqual([]);
        }
      } finally {
        world.close();
      }
    }),
    { numRuns: 200 },
  );
});
