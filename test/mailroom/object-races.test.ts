import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSqlite } from '../../src/platform/node/sqlite.ts';
import { DAY, House, MINUTE, SECOND } from '../contracts/mailroom/house.ts';
import { fileRecord } from '../support/stored-file.ts';

/** What the clerk keeps to: it deletes nothing that was given up longer ago. */
const DELETING_MS = 10 * MINUTE;

const FILES = ['a', 'b'].map((content) => fileRecord(content));

type Step =
  | { readonly kind: 'begin'; readonly file: number }
  | { readonly kind: 'put' | 'accept' | 'remove' | 'delete' | 'confirm'; readonly which: number }
  | { readonly kind: 'sweep' | 'strays' | 'crash' }
  | { readonly kind: 'wait'; readonly ms: number };

const which = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const), file: fc.nat({ max: 1 }) }) },
  {
    weight: 14,
    arbitrary: fc.record({ kind: fc.constantFrom('put', 'accept', 'remove', 'delete', 'confirm'), which }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('sweep', 'sweep', 'strays', 'strays', 'crash') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, SECOND, 9 * MINUTE, 16 * MINUTE, DAY, 31 * DAY),
    }),
  },
);

/** Requests, deletions and a store beside a real room, each going on whenever it likes. */
class World {
  readonly house = new House(openSqlite(':memory:'));
  /** When each object was put last. */
  readonly store = new Map<string, number>();
  requests: { readonly since: number; readonly file: number; isPut: boolean }[] = [];
  deletions: { readonly key: string; readonly until: number; isDone: boolean }[] = [];
  mails: { readonly id: string; readonly key: string }[] = [];
  accepted = 0;
  deleted = 0;

  take(one: Step): void {
    const { house } = this;
    switch (one.kind) {
      case 'wait':
        house.now += one.ms;
        break;
      case 'begin':
        this.requests.push({ since: house.now, file: one.file, isPut: false });
        break;
      case 'put':
        this.put(one.which);
        break;
      case 'accept':
        this.accept(one.which);
        break;
      case 'remove':
        this.remove(one.which);
        break;
      case 'sweep':
        this.give(house.room.sweep({ now: house.now, limit: 2 }).objects);
        this.mails = this.mails.filter(({ id }) => house.room.email({ id }) !== null);
        break;
      case 'strays': {
        const keys = [...this.store].filter(([, putAt]) => putAt + DAY <= house.now).map(([key]) => key);
        this.give(house.room.strayObjects({ keys, now: house.now }));
        break;
      }
      case 'delete':
        this.delete(one.which);
        break;
      case 'confirm':
        this.confirm(one.which);
        break;
      case 'crash':
        this.requests = [];
        this.deletions = [];
        break;
    }
  }

  put(place: number): void {
    const request = this.requests[place % this.requests.length];
    if (request === undefined) return;
    this.store.set(FILES[request.file]?.key ?? '', this.house.now);
    request.isPut = true;
  }

  accept(place: number): void {
    const request = this.requests[place % this.requests.length];
    const attachment = FILES[request?.file ?? 0];
    if (request?.isPut !== true || attachment === undefined) return;
    // No request lasts a day.
    if (request.since + DAY <= this.house.now) return;
    // Half of them are finished at once, so that they can be removed; the others wait for ever.
    const recipients = place % 2 === 0 ? [] : ['ann@example.org'];
    const email = this.house.email(recipients, { attachments: [attachment] });
    const { kind } = this.house.send([email], { now: request.since });
    this.requests.splice(this.requests.indexOf(request), 1);
    if (kind !== 'accepted') return;
    this.mails.push({ id: email.id, key: attachment.key });
    this.accepted += 1;
  }

  remove(place: number): void {
    const mail = this.mails[place % this.mails.length];
    if (mail === undefined) return;
    const removed = this.house.room.removeEmail({ id: mail.id, now: this.house.now });
    if (!removed.ok) return;
    this.mails.splice(this.mails.indexOf(mail), 1);
    this.give(removed.value.objects);
  }

  give(keys: readonly string[]): void {
    for (const key of keys) this.deletions.push({ key, until: this.house.now + DELETING_MS, isDone: false });
  }

  delete(place: number): void {
    const deletion = this.deletions[place % this.deletions.length];
    if (deletion === undefined || this.house.now > deletion.until) return;
    this.store.delete(deletion.key);
    deletion.isDone = true;
    this.deleted += 1;
  }

  confirm(place: number): void {
    const deletion = this.deletions[place % this.deletions.length];
    if (deletion?.isDone !== true) return;
    this.house.room.objectsDeleted({ keys: [deletion.key], now: this.house.now });
    this.deletions.splice(this.deletions.indexOf(deletion), 1);
  }

  /** The one thing that must never be. */
  lost(): readonly string[] {
    return this.mails.filter(({ key }) => !this.store.has(key)).map(({ id }) => id);
  }
}

it('no mail ever loses its file to a deletion, whatever comes between storing, accepting, deleting and a crash', () => {
  let accepted = 0;
  let deleted = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 150, size: 'max' }), (steps) => {
      const world = new World();
      for (const one of steps) {
        world.take(one);
        expect(world.lost()).toEqual([]);
      }
      accepted += world.accepted;
      deleted += world.deleted;
    }),
    { numRuns: 300 },
  );
  // The steps lead somewhere.
  expect(accepted).toBeGreaterThan(100);
  expect(deleted).toBeGreaterThan(30);
}, 30_000);

it('what nothing names is gone in the end, whatever was left behind', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 100 }), (steps) => {
      const world = new World();
      for (const one of steps) world.take(one);
      world.take({ kind: 'crash' });
      world.house.now += 40 * DAY;
      for (const kind of ['sweep', 'sweep', 'sweep', 'sweep', 'strays'] as const) {
        world.take({ kind });
        world.house.now += SECOND;
      }
      while (world.deletions.length > 0) {
        world.take({ kind: 'delete', which: 0 });
        world.take({ kind: 'confirm', which: 0 });
      }
      const named = new Set(world.mails.map(({ key }) => key));
      expect([...world.store.keys()].filter((key) => !named.has(key))).toEqual([]);
    }),
    { numRuns: 100 },
  );
}, 30_000);
