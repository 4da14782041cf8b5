import { describe, expect, test } from 'vitest';
import { type House, house, NOON } from './house.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const STORE = [{ type: 'store' }];
const MATCH = { recipient: 'support@mine.example' };

const create = (it: House, over: object = {}) =>
  it.call('POST', '/routes', { body: { match: MATCH, actions: STORE, ...over } });

async function made(it: House, over: object = {}): Promise<string> {
  const { status, body } = await create(it, over);
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body).toEqual({ object: 'route', id: body.id });
  return body.id;
}

const route = async (it: House, id: string) => (await it.call('GET', `/routes/${id}`)).body;

async function webhook(it: House): Promise<string> {
  const body = { endpoint: 'https://receiver.example/', events: ['email.received'] };
  return (await it.call('POST', '/webhooks', { body })).body.id;
}

describe('a route', () => {
  test('is made, read, listed in its place, changed and removed', async () => {
    const it = house();
    const [last, first] = [await made(it), await made(it, { position: 0, enabled: false })];
    const shown = { match: MATCH, actions: STORE, created_at: new Date(NOON).toISOString() };
    expect(await route(it, first.toUpperCase())).toEqual({
      object: 'route',
      id: first,
      ...shown,
      position: 0,
      enabled: false,
    });
    const { body } = await it.call('GET', '/routes');
    expect(body).toEqual({
      object: 'list',
      has_more: false,
      data: [
        { id: first, ...shown, position: 0, enabled: false },
        { id: last, ...shown, position: 1, enabled: true },
      ],
    });
    const change = {
      match: { domain: 'MINE.example' },
      actions: [{ type: 'drop' }],
      position: 1,
      enabled: true,
    };
    const changed = await it.call('PATCH', `/routes/${first.toUpperCase()}`, { body: change });
    expect(changed.body).toEqual({ object: 'route', id: first });
    expect(await route(it, first)).toMatchObject({ ...change, match: { domain: 'mine.example' } });
    expect((await it.call('PATCH', `/routes/${first}`)).status).toBe(200);
    expect((await it.call('DELETE', `/routes/${first}`)).body).toEqual({
      object: 'route',
      id: first,
      deleted: true,
    });
    expect((await it.call('GET', '/routes')).body.data).toMatchObject([{ id: last, position: 0 }]);
  });

  test('that is not there is 404 to each of them', async () => {
    const it = house();
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const { status, body } = await it.call(method, `/routes/${UNKNOWN}`);
      expect([status, body.message]).toEqual([404, 'Route not found']);
    }
  });

  test('lists go in pages', async () => {
    const it = house();
    const ids = [await made(it), await made(it), await made(it)];
    const { body } = await it.call('GET', '/routes?limit=2');
    expect([body.data.map(({ id }: { id: string }) => id), body.has_more]).toEqual([ids.slice(0, 2), true]);
    const next = await it.call('GET', `/routes?after=${ids[1]}`);
    expect(next.body.data).toMatchObject([{ id: ids[2] }]);
  });

  test("threats §9 r6: another account's is unknown", async () => {
    const it = house();
    const id = await made(it);
    const key = await it.newKey({ account: 'beta' });
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect((await it.call(method, `/routes/${id}`, { key })).body.message).toBe('Route not found');
    expect((await it.call('GET', '/routes', { key })).body.data).toEqual([]);
    const theirs = await webhook(it);
    const body = { match: MATCH, actions: [{ type: 'webhook', webhook_id: theirs }] };
    const { status, body: refused } = await it.call('POST', '/routes', { key, body });
    expect([status, refused.field]).toEqual([422, 'actions[0].webhook_id']);
    expect(await route(it, id)).toMatchObject({ match: MATCH });
  });
});

describe('what a route matches', () => {
  test.each([
    [{ recipient: ' Support@MINE.example ' }, { recipient: 'Support@mine.example' }],
    [{ recipient: 'a@메일.example' }, { recipient: 'a@xn--h32bq4v.example' }],
    [{ domain: 'MINE.Example' }, { domain: 'mine.example' }],
    [{ domain: '메일.example' }, { domain: 'xn--h32bq4v.example' }],
    [{ pattern: 'support+*@MINE.example' }, { pattern: 'support+*@mine.example' }],
    [{ pattern: '*@메일.example' }, { pattern: '*@xn--h32bq4v.example' }],
    [{ pattern: '*@*.Mine.example' }, { pattern: '*@*.mine.example' }],
    [{ pattern: 'a*b*c@*' }, { pattern: 'a*b*c@*' }],
    [{ pattern: 'a@m*.example' }, { pattern: 'a@m*.example' }],
  ])('%j is kept as %j', async (given, match) => {
    const it = house();
    expect((await route(it, await made(it, { match: given }))).match).toEqual(match);
  });

  test.each([
    [{}, 'match'],
    [{ recipient: 'a@b.example', domain: 'b.example' }, 'match'],
    [{ recipient: 7 }, 'match.recipient'],
    [{ recipient: '' }, 'match.recipient'],
    [{ recipient: 'support' }, 'match.recipient'],
    [{ recipient: 'Support <support@mine.example>' }, 'match.recipient'],
    [{ recipient: 'a@mine.example\r\nx' }, 'match.recipient'],
    [{ domain: 'mine' }, 'match.domain'],
    [{ domain: '*.mine.example' }, 'match.domain'],
    [{ pattern: 'support@mine.example' }, 'match.pattern'],
    [{ pattern: '*' }, 'match.pattern'],
    [{ pattern: '*@' }, 'match.pattern'],
    [{ pattern: '(a|b)*@mine.example' }, 'match.pattern'],
    [{ pattern: '*[a-z]@mine.example' }, 'match.pattern'],
    [{ pattern: '*@메*.example' }, 'match.pattern'],
    [{ pattern: 'a *@mine.example' }, 'match.pattern'],
  ])('%j is refused with its field', async (match, field) => {
    const it = house();
    const { status, body } = await create(it, { match });
    expect([status, body.name, body.field]).toEqual([422, 'validation_error', field]);
    const id = await made(it);
    expect((await it.call('PATCH', `/routes/${id}`, { body: { match } })).body.field).toBe(field);
    expect((await it.call('GET', '/routes')).body.data).toMatchObject([{ match: MATCH }]);
  });

  test('`match` and `actions` are needed', async () => {
    const it = house();
    for (const field of ['match', 'actions']) {
      const { body } = await create(it, { [field]: undefined });
      expect([body.name, body.field]).toEqual(['missing_required_field', field]);
    }
  });
});

describe('what a route does', () => {
  test('stores, tells and forwards, several of them together', async () => {
    const it = house();
    const id = await webhook(it);
    const actions = [
      { type: 'store' },
      { type: 'webhook', webhook_id: id.toUpperCase() },
      { type: 'forward', to: 'desk@ELSEWHERE.example' },
    ];
    expect((await route(it, await made(it, { actions }))).actions).toEqual([
      { type: 'store' },
      { type: 'webhook', webhook_id: id },
      { type: 'forward', to: 'Desk@elsewhere.example' },
    ]);
  });

  test.each(['drop', 'reject'])('%s stands alone', async (type) => {
    const it = house();
    const alone = { type, ...(type === 'reject' && { message: 'No.' }) };
    await made(it, { actions: [alone] });
    for (const [actions, field] of [
      [[{ type: 'store' }, alone], 'actions[1]'],
      [[alone, { type: 'store' }], 'actions[0]'],
    ] as const) {
      const { body } = await create(it, { actions });
      expect([body.field, body.message]).toEqual([field, expect.stringContaining('stands alone')]);
    }
  });

  test.each([
    'x'.repeat(200),
    '이 주소는 더 이상 쓰지 않습니다.',
    'Write to desk@elsewhere.example (not here): thanks!',
  ])('a refusal may say %s', async (message) => {
    const it = house();
    const actions = [{ type: 'reject', message }];
    expect((await route(it, await made(it, { actions }))).actions).toEqual(actions);
  });

  test.each([
    '',
    ' ',
    'x'.repeat(201),
    'a\r\nb',
    'a\nb',
    'a\tb',
    'a\0b',
    'a\u200bb',
    'a\u202eb',
    'a\u2028b',
    'a\u00a0b',
    7,
    null,
  ])('threats §1 r1: a refusal that is not one visible line is refused: %j', async (message) => {
    const { status, body } = await create(house(), { actions: [{ type: 'reject', message }] });
    expect([status, body.field]).toEqual([422, 'actions[0].message']);
  });

  test.each([
    [[], 'actions'],
    ['store', 'actions'],
    [[{ type: 'bounce' }], 'actions[0].type'],
    [[{}], 'actions[0].type'],
    [['store'], 'actions[0]'],
    [Array(11).fill({ type: 'store' }), 'actions'],
    [[{ type: 'webhook' }], 'actions[0].webhook_id'],
    [[{ type: 'webhook', webhook_id: 'x' }], 'actions[0].webhook_id'],
    [[{ type: 'webhook', webhook_id: UNKNOWN }], 'actions[0].webhook_id'],
    [[{ type: 'forward', to: 'x' }], 'actions[0].to'],
    [[{ type: 'forward' }], 'actions[0].to'],
  ])('%j is refused with its field', async (actions, field) => {
    const it = house();
    const { status, body } = await create(it, { actions });
    expect([status, body.name, body.field]).toEqual([422, 'validation_error', field]);
    const id = await made(it);
    expect((await it.call('PATCH', `/routes/${id}`, { body: { actions } })).body.field).toBe(field);
  });

  test('threats §10 r6: mail is forwarded only to addresses that the operator named', async () => {
    const it = house();
    for (const to of [
      'other@elsewhere.example',
      'desk@elsewhere.example.evil.example',
      'desk@there.example',
    ]) {
      const { body } = await create(it, { actions: [{ type: 'store' }, { type: 'forward', to }] });
      expect([body.statusCode, body.field]).toEqual([422, 'actions[1].to']);
      expect(body.message).toContain('FORWARD_TO');
    }
    const none = await create(house({ forwardTo: [] }), {
      actions: [{ type: 'forward', to: 'desk@elsewhere.example' }],
    });
    expect(none.status).toBe(422);
  });

  test('threats §15 r4: not to an address that we receive for ourselves, though the operator named it', async () => {
    const it = house({ forwardTo: ['me@mine.example', 'x@bounce.example'] });
    for (const to of ['me@mine.example', 'x@bounce.example']) {
      const { body } = await create(it, { actions: [{ type: 'forward', to }] });
      expect([body.statusCode, body.field]).toEqual([422, 'actions[0].to']);
      expect(body.message).toContain('it would come back');
    }
  });

  test('threats §15 r4: nor to an address that the route itself is about, where mail is received for any domain', async () => {
    const it = house({ receivingDomains: null });
    const actions = [{ type: 'store' }, { type: 'forward', to: 'desk@elsewhere.example' }];
    for (const match of [
      { recipient: 'DESK@elsewhere.example' },
      { domain: 'elsewhere.example' },
      { pattern: 'd*@else*.example' },
    ]) {
      const { body } = await create(it, { match, actions });
      expect([body.statusCode, body.field]).toEqual([422, 'actions[1].to']);
    }
    const id = await made(it, { actions });
    const patch = async (of: string, body: object) =>
      (await it.call('PATCH', `/routes/${of}`, { body })).body;
    expect((await patch(id, { match: { domain: 'elsewhere.example' } })).field).toBe('actions[1].to');
    const other = await made(it, { match: { domain: 'elsewhere.example' } });
    expect((await patch(other, { actions })).field).toBe('actions[1].to');
    expect((await patch(other, { match: MATCH, actions })).id).toBe(other);
    expect(await route(it, id)).toMatchObject({ match: MATCH });
  });

  test.each([-1, 1.5, '0', 1001])('the position %j is refused', async (position) => {
    const { status, body } = await create(house(), { position });
    expect([status, body.field]).toEqual([422, 'position']);
  });
});
