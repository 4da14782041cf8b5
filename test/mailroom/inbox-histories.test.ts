import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ArrivalClaim } from '../../src/mailroom/arrival-records.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import { DAY, HOUR, House, MINUTE, SECOND } from '../contracts/mailroom/house.ts';
import {
  addRoute,
  arrivals,
  file,
  head,
  idsOf,
  listed,
  READ_LEASE_MS,
  receive,
  settle,
  settleRead,
} from '../contracts/mailroom/inbox-house.ts';
import { accountEvents, addWebhook, calls, OK, settleCall } from '../contracts/mailroom/webhook-house.ts';

const pick = fc.nat(50);
/** One thing that happens to an inbox. Numbers pick among whatever there is at that moment. */
type Happening =
  | { readonly kind: 'receive'; readonly bytes: number; readonly forwarded: boolean }
  | { readonly kind: 'claim'; readonly limit: number }
  | { readonly kind: 'read' | 'fail' | 'withdraw' | 'remove'; readonly pick: number }
  | { readonly kind: 'crash' | 'recover' }
  | { readonly kind: 'clock'; readonly byMs: number };

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('receive' as const),
      bytes: fc.nat(12),
      forwarded: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('read' as const, 'fail' as const), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('withdraw' as const, 'remove' as const), pick }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'recover' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.constantFrom(1, 10 * SECOND, READ_LEASE_MS, HOUR, 49 * HOUR, -SECOND, -MINUTE),
    }),
  },
);

/** A room, those who read for it, and what its senders were told. */
class World {
  readonly house: House;
  /** What was acknowledged and not removed since. */
  readonly kept = new Set<string>();
  /** Mails that pass on what was read. */
  readonly forwards = new Map<string, string>();
  /** What is known of bytes, and until when. */
  readonly #known = new Map<number, { readonly id: string; readonly until: number }>();
  readonly #sql: SqliteFile = openSqlite(':memory:');
  /** Also those whose lease is over by now: they may come back at any time. */
  #claims: ArrivalClaim[] = [];

  constructor() {
    this.house = new House(this.#sql);
    const webhookId = addWebhook(this.house, { types: ['email.received'] });
    addRoute(this.house, { recipient: 'pass@mine.example' }, [
      { type: 'forward', to: 'boss@away.example' },
      { type: 'webhook', webhookId },
    ]);
  }

  close(): void {
    this.#sql.close();
  }

  happen(happening: Happening): void {
    const { house } = this;
    switch (happening.kind) {
      case 'receive':
        this.#receive(happening);
        break;
      case 'claim': {
        const claims = arrivals(house, happening.limit);
        for (const { attempt, forwardTo } of claims)
          expect(attempt).toBeLessThanOrEqual(forwardTo.length > 0 ? 3 : 2);
        this.#claims.push(...claims);
        break;
      }
      case 'read':
        this.#read(happening.pick);
        break;
      case 'fail':
      case 'withdraw': {
        const claim = this.#claims[happening.pick % this.#claims.length];
        if (claim === undefined) break;
        settle(
          house,
          claim,
          happening.kind === 'fail' ? { kind: 'failed', cause: 'x' } : { kind: 'withdrawn' },
        );
        break;
      }
      case 'remove': {
        const id = [...this.kept][happening.pick % this.kept.size];
        if (id === undefined) break;
        expect(house.room.removeReceived({ id, now: house.now }).ok).toBe(true);
        this.kept.delete(id);
        break;
      }
      case 'crash':
        this.#claims = [];
        house.reopened();
        house.room.recover({ now: house.now, all: true });
        break;
      case 'recover':
        house.room.recover({ now: house.now, all: false });
        break;
      case 'clock':
        house.now += happening.byMs;
        break;
    }
  }

  #receive({ bytes, forwarded }: Extract<Happening, { kind: 'receive' }>): void {
    const { house } = this;
    const answer = receive(house, {
      rawSha256: `bytes-${bytes}`,
      envelopeTo: [forwarded ? 'pass@mine.example' : 'support@mine.example'],
    });
    if (!answer.ok) throw new Error(answer.refusal.message);
    const { id, duplicate } = answer.value;
    const key = bytes * 2 + Number(forwarded);
    const known = this.#known.get(key);
    expect(duplicate).toBe(known !== undefined && known.until > house.now);
    if (duplicate) {
      expect(id).toBe(known?.id);
      expect(answer.value.objects).toHaveLength(1);
      return;
    }
    this.#known.set(key, { id, until: house.now + 2 * DAY });
    this.kept.add(id);
  }

  #read(at: number): void {
    const { house } = this;
    const claim = this.#claims[at % this.#claims.length];
    if (claim === undefined) return;
    const forward = house.email(['x@out.example']);
    const mail = { head: head({ subject: 'Read' }), attachments: [file('a')] };
    if (settleRead(house, claim, mail, { forwards: [forward] }) === 'settled') {
      expect(this.forwards.has(claim.id), 'passed on once').toBe(false);
      this.forwards.set(claim.id, forward.id);
    } else {
      expect(house.room.email({ id: forward.id })).toBeNull();
    }
  }

  check(): void {
    expect(new Set(idsOf(listed(this.house)))).toEqual(this.kept);
    const told = accountEvents(this.house, { type: 'email.received' }).map(({ emailId }) => emailId ?? '');
    expect(new Set(told).size, 'one event a mail').toBe(told.length);
    for (const id of told) expect(this.kept.has(id)).toBe(true);
    for (const [id] of this.forwards) if (this.kept.has(id)) expect(told).toContain(id);
  }
}

/** Nobody interferes any more, and readers read. */
function drain(world: World): void {
  world.happen({ kind: 'crash' });
  for (let round = 0; round < 4; round += 1) {
    world.happen({ kind: 'clock', byMs: READ_LEASE_MS });
    for (const claim of arrivals(world.house, 1_000)) settleRead(world.house, claim);
  }
}

test('nothing that was acknowledged is lost, and each mail is told once and passed on once, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(happenings, { minLength: 1, maxLength: 60 }), (history) => {
      const world = new World();
      try {
        for (const happening of history) {
          world.happen(happening);
          world.check();
        }
        drain(world);
        world.check();
        const told = accountEvents(world.house, { type: 'email.received' }).map(({ emailId }) => emailId);
        expect(new Set(told)).toEqual(world.kept);
        expect(world.house.room.nextArrivalDue({ now: world.house.now })).toBeNull();
        const called: unknown[] = [];
        for (let due = calls(world.house); due.length > 0; due = calls(world.house)) {
          for (const call of due) {
            called.push(JSON.parse(call.payload).data.email_id);
            settleCall(world.house, call, OK);
          }
        }
        expect(new Set(called).size, 'one call a mail').toBe(called.length);
        for (const id of world.kept) expect(called).toContain(id);
      } finally {
        world.close();
      }
    }),
    { numRuns: 150 },
  );
});
