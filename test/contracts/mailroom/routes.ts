import { describe, expect, test } from 'vitest';
import type { RouteAction } from '../../../src/mailroom/route-records.ts';
import type { LendHouse } from '../mailroom.ts';
import { type House, START } from './house.ts';
import { ALL, addRoute, oneArrival, received } from './inbox-house.ts';
import { addWebhook } from './webhook-house.ts';

const STORE: readonly RouteAction[] = [{ type: 'store' }];
const DROP: readonly RouteAction[] = [{ type: 'drop' }];
const ANY = { domain: 'mine.example' } as const;

export function routesContract(house: LendHouse): void {
  describe('routes', () => {
    keeping(house);
    ruling(house);
    forwarding(house);
  });
}

function order(room: House): readonly string[] {
  const read = room.room.routes({ page: ALL });
  if (!read.ok) throw new Error(read.refusal.message);
  expect(read.value.items.map(({ position }) => position)).toEqual(read.value.items.map((_, index) => index));
  return read.value.items.map(({ id }) => id);
}

function keeping(house: LendHouse): void {
  test('a route is read as it was made', () =>
    house((room) => {
      const webhookId = addWebhook(room);
      const actions: readonly RouteAction[] = [
        { type: 'webhook', webhookId },
        { type: 'forward', to: 'me@mine.example' },
      ];
      const id = addRoute(room, { pattern: 'support+*@mine.example' }, actions, { enabled: false });
      const record = {
        id,
        match: { pattern: 'support+*@mine.example' },
        actions,
        position: 0,
        enabled: false,
        createdAt: START,
      };
      expect(room.room.route({ id })).toEqual(record);
      expect(room.room.routes({ page: ALL })).toEqual({
        ok: true,
        value: { items: [record], hasMore: false },
      });
      expect(room.room.route({ id: 'unknown' })).toBeNull();
    }));

  test('those behind one that is put in between move on, and close up when it goes', () =>
    house((room) => {
      const [a, b] = [addRoute(room, ANY, STORE), addRoute(room, ANY, STORE)];
      const first = addRoute(room, ANY, STORE, { position: 0 });
      const middle = addRoute(room, ANY, STORE, { position: 2 });
      const last = addRoute(room, ANY, STORE, { position: 99 });
      expect(order(room)).toEqual([first, a, middle, b, last]);
      expect(room.room.removeRoute({ id: a })).toEqual({ ok: true, value: { id: a } });
      expect(order(room)).toEqual([first, middle, b, last]);
      expect(room.room.removeRoute({ id: a })).toMatchObject({ ok: false, refusal: { code: 'not_found' } });
    }));

  test.each([
    [0, 3, [1, 2, 3, 0]],
    [3, 0, [3, 0, 1, 2]],
    [1, 2, [0, 2, 1, 3]],
    [2, 1, [0, 2, 1, 3]],
    [1, 1, [0, 1, 2, 3]],
    [1, 99, [0, 2, 3, 1]],
  ])('the route at %i goes to %i', (from, to, expected) =>
    house((room) => {
      const ids = [0, 1, 2, 3].map(() => addRoute(room, ANY, STORE));
      room.room.updateRoute({ id: ids[from] ?? '', position: to });
      expect(order(room)).toEqual(expected.map((index) => ids[index]));
    }),
  );

  test('what an update leaves out stays', () =>
    house((room) => {
      const id = addRoute(room, ANY, STORE);
      room.room.updateRoute({ id, enabled: false });
      room.room.updateRoute({ id, actions: DROP });
      room.room.updateRoute({ id, match: { recipient: 'a@mine.example' } });
      expect(room.room.route({ id })).toEqual({
        id,
        match: { recipient: 'a@mine.example' },
        actions: DROP,
        position: 0,
        enabled: false,
        createdAt: START,
      });
      const unknown = room.room.updateRoute({ id: 'unknown', enabled: true });
      expect(unknown).toMatchObject({ ok: false, refusal: { code: 'not_found' } });
    }));

  test('they are listed in the order in which they are asked, page by page', () =>
    house((room) => {
      const ids = [0, 1, 2].map(() => addRoute(room, ANY, STORE));
      const page = (change: object) => room.room.routes({ page: { ...ALL, limit: 2, ...change } });
      expect(page({})).toMatchObject({ value: { items: [{ id: ids[0] }, { id: ids[1] }], hasMore: true } });
      expect(page({ after: ids[1] })).toMatchObject({ value: { items: [{ id: ids[2] }], hasMore: false } });
      expect(page({ before: ids[2] })).toMatchObject({ value: { items: [{ id: ids[0] }, { id: ids[1] }] } });
      expect(page({ after: 'unknown' })).toMatchObject({ ok: false, refusal: { field: 'after' } });
    }));

  test('a webhook that never was is refused by its field, and nothing is kept', () =>
    house((room) => {
      const actions: readonly RouteAction[] = [{ type: 'store' }, { type: 'webhook', webhookId: 'none' }];
      const route = { id: room.newId(), match: ANY, actions, position: null, enabled: true };
      const refusal = { ok: false, refusal: { code: 'validation_error', field: 'actions[1].webhook_id' } };
      expect(room.room.createRoute({ route, now: room.now })).toMatchObject(refusal);
      const id = addRoute(room, ANY, STORE);
      expect(room.room.updateRoute({ id, actions })).toMatchObject(refusal);
      expect(room.room.route({ id })?.actions).toEqual(STORE);
      expect(order(room)).toEqual([id]);
    }));

  test('an account has 200 at most', () =>
    house((room) => {
      for (let i = 0; i < 200; i += 1) addRoute(room, ANY, STORE);
      expect(() => addRoute(room, ANY, STORE)).toThrow('at most 200 routes');
    }));
}

function ruling(house: LendHouse): void {
  test('each recipient is ruled by the first enabled route that matches it, in the order given', () =>
    house((room) => {
      addRoute(room, { recipient: 'off@mine.example' }, DROP, { enabled: false });
      addRoute(room, { recipient: 'spam@mine.example' }, DROP);
      addRoute(room, { recipient: 'vip@mine.example' }, STORE);
      addRoute(room, ANY, [{ type: 'reject', message: 'Nobody here' }]);
      const recipients = [
        'x@mine.example',
        'vip@mine.example',
        'spam@mine.example',
        'x@other.example',
        'off@mine.example',
      ];
      expect(room.room.rule({ recipients })).toEqual([
        { kind: 'reject', message: 'Nobody here' },
        { kind: 'take' },
        { kind: 'drop' },
        { kind: 'take' },
        { kind: 'reject', message: 'Nobody here' },
      ]);
    }));

  test('without routes everything is taken', () =>
    house((room) => {
      expect(room.room.rule({ recipients: ['a@mine.example', 'b@mine.example'] })).toEqual([
        { kind: 'take' },
        { kind: 'take' },
      ]);
    }));
}

function forwarding(house: LendHouse): void {
  test('the forwards of all recipients come to the reader, in order and each once', () =>
    house((room) => {
      const to = (address: string): RouteAction => ({ type: 'forward', to: address });
      addRoute(room, { recipient: 'a@mine.example' }, [to('x@out.example'), to('y@out.example')]);
      addRoute(room, { recipient: 'b@mine.example' }, [
        { type: 'store' },
        to('z@out.example'),
        to('x@out.example'),
      ]);
      received(room, { envelopeTo: ['a@mine.example', 'b@mine.example', 'c@mine.example'] });
      expect(oneArrival(room).forwardTo).toEqual(['x@out.example', 'y@out.example', 'z@out.example']);
    }));

  test('what the routes say is decided when a mail comes in', () =>
    house((room) => {
      const id = addRoute(room, ANY, [{ type: 'forward', to: 'x@out.example' }]);
      received(room);
      room.room.removeRoute({ id });
      expect(oneArrival(room).forwardTo).toEqual(['x@out.example']);
    }));
}
