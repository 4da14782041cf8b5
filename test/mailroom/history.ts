import type { MailroomConfig } from '../../src/mailroom/mailroom.ts';
import type { Claim, Outcome } from '../../src/mailroom/records.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import {
  back,
  bounced,
  deferred,
  House,
  LEASE_MS,
  LOST,
  ownFailure,
  SENT,
} from '../contracts/mailroom/house.ts';

/** One thing that happens to a house. Numbers pick among whatever there is at that moment. */
export type Happening =
  | {
      readonly kind: 'accept';
      readonly recipients: number;
      readonly delayMs: number;
      readonly secure: boolean;
    }
  | { readonly kind: 'claim'; readonly relay: number; readonly limit: number }
  /** The body is written; the server will take it, or not, whatever we get to hear. */
  | { readonly kind: 'dot'; readonly pick: number; readonly taken: boolean }
  | { readonly kind: 'settle'; readonly pick: number; readonly outcome: number; readonly heard: boolean }
  | { readonly kind: 'settle again'; readonly pick: number }
  | { readonly kind: 'crash' }
  | { readonly kind: 'recover' }
  | { readonly kind: 'cancel' | 'retry' | 'suppress'; readonly pick: number }
  | { readonly kind: 'reschedule'; readonly pick: number; readonly delayMs: number }
  | { readonly kind: 'clock'; readonly byMs: number };

interface Attempt {
  readonly claim: Claim;
  /** Null before the dot; then whether the server took the mail. */
  taken: boolean | null;
  /** The process that made it is gone, or it was settled. */
  over: boolean;
}

const RELAYS = ['first', 'second'];
const BEFORE_DOT: readonly Outcome[] = [
  deferred(null, { elsewhere: true }),
  deferred('450 4.2.0 later'),
  deferred('451 4.7.1 greylisted', { greylisted: true }),
  back(),
  back({ elsewhere: true }),
  bounced('550 5.1.1 no such user', { suppress: true }),
  ownFailure('too_large'),
];
const REFUSED_AT_DOT: readonly Outcome[] = [
  deferred('451 4.3.0 later', { phase: 'dot' }),
  bounced('554 5.7.1 spam', { phase: 'dot', reason: 'policy' }),
];

/** A house, the servers it speaks to, and what they know that it cannot know. */
export class World {
  readonly house: House;
  readonly ids: string[] = [];
  /** How often each recipient's mail was taken by a server. */
  readonly deliveries = new Map<string, number>();
  readonly retriedByHand = new Set<string>();
  readonly #sql: SqliteFile;
  readonly #attempts: Attempt[] = [];

  constructor(config: Partial<MailroomConfig>) {
    this.#sql = openSqlite(':memory:');
    this.house = new House(this.#sql, config);
  }

  close(): void {
    this.#sql.close();
  }

  happen(happening: Happening): void {
    switch (happening.kind) {
      case 'accept':
        this.#accept(happening);
        break;
      case 'claim':
        this.#claim(happening);
        break;
      case 'dot':
        this.#dot(happening);
        break;
      case 'settle':
        this.#settle(happening);
        break;
      case 'settle again':
        this.#settleAgain(happening.pick);
        break;
      case 'crash':
        for (const attempt of this.#attempts) attempt.over = true;
        this.house.reopened();
        this.house.room.recover({ now: this.house.now, all: true });
        break;
      case 'recover':
        this.house.room.recover({ now: this.house.now, all: false });
        break;
      case 'clock':
        this.house.now += happening.byMs;
        break;
      case 'cancel':
      case 'retry':
      case 'reschedule':
      case 'suppress':
        this.#wish(happening);
        break;
    }
  }

  #accept({ recipients, delayMs, secure }: Extract<Happening, { kind: 'accept' }>): void {
    const addresses = Array.from(
      { length: recipients },
      (_, place) => `r${this.ids.length}-${place}@example.org`,
    );
    const scheduledAt = delayMs === 0 ? null : this.house.now + delayMs;
    this.ids.push(this.house.accepted(addresses, { scheduledAt, tls: secure ? 'enforced' : null }));
  }

  #claim({ relay, limit }: Extract<Happening, { kind: 'claim' }>): void {
    const name = RELAYS[relay % 2] ?? '';
    const call = { relay: name, unbound: relay < 2, insteadOf: relay === 3 ? RELAYS : [], limit };
    for (const claim of this.house.claims(call)) this.#attempts.push({ claim, taken: null, over: false });
  }

  #dot({ pick, taken }: Extract<Happening, { kind: 'dot' }>): void {
    const attempt = pickFrom(
      this.#attempts.filter(({ over, taken: sent }) => !over && sent === null),
      pick,
    );
    if (attempt === undefined || !this.house.dot(attempt.claim)) return;
    attempt.taken = taken;
    if (!taken) return;
    for (const { address } of attempt.claim.recipients) {
      this.deliveries.set(address, (this.deliveries.get(address) ?? 0) + 1);
    }
  }

  #settle({ pick, outcome, heard }: Extract<Happening, { kind: 'settle' }>): void {
    const attempt = pickFrom(
      this.#attempts.filter(({ over }) => !over),
      pick,
    );
    if (attempt === undefined) return;
    attempt.over = true;
    this.house.settle(attempt.claim, outcomeOf({ taken: attempt.taken, outcome, heard }));
  }

  #settleAgain(pick: number): void {
    const attempt = pickFrom(
      this.#attempts.filter(({ over }) => over),
      pick,
    );
    if (attempt === undefined) return;
    const answer = this.house.settle(attempt.claim, SENT);
    if (answer !== 'stale') throw new Error('An attempt that is over was settled');
  }

  #wish(
    wish: Extract<Happening, { pick: number; kind: 'cancel' | 'retry' | 'suppress' | 'reschedule' }>,
  ): void {
    const id = pickFrom(this.ids, wish.pick);
    if (id === undefined) return;
    const { room, now } = this.house;
    switch (wish.kind) {
      case 'cancel':
        room.cancel({ id, now });
        return;
      case 'retry':
        if (room.retry({ id, now }).ok) this.retriedByHand.add(id);
        return;
      case 'reschedule':
        room.reschedule({ id, scheduledAt: now + wish.delayMs, now });
        return;
      case 'suppress': {
        const address = this.house.recipient(id).address;
        room.suppress({
          entries: [{ id: this.house.newId(), address, expiresAt: now + LEASE_MS, note: null }],
          now,
        });
      }
    }
  }
}

function outcomeOf({
  taken,
  outcome,
  heard,
}: {
  readonly taken: boolean | null;
  readonly outcome: number;
  readonly heard: boolean;
}): Outcome {
  if (taken === null) return pickFrom(BEFORE_DOT, outcome) ?? LOST;
  if (!heard) return LOST;
  return taken ? SENT : (pickFrom(REFUSED_AT_DOT, outcome) ?? LOST);
}

function pickFrom<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}
