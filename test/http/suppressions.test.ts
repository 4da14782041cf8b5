import { describe, expect, test } from 'vitest';
import { type House, house, mail } from './house.ts';

async function add(it: House, email: string, over: object = {}): Promise<string> {
  const { status, body } = await it.call('POST', '/suppressions', { body: { email, ...over } });
  expect(status, JSON.stringify(body)).toBe(201);
  expect(Object.keys(body).toSorted()).toEqual(['id', 'object']);
  return body.id;
}

test('an address is listed once, in whatever case and with white space it comes again', async () => {
  const it = house();
  const id = await add(it, 'Ada@People.example');
  expect(await add(it, ' ada@PEOPLE.EXAMPLE ')).toBe(id);
  expect((await it.call('GET', '/suppressions')).body).toEqual({
    object: 'list',
    has_more: false,
    data: [
      {
        object: 'suppression',
        id,
        email: 'Ada@people.example',
        origin: 'manual',
        source_id: null,
        created_at: '2026-02-20T14:00:00.000Z',
        expires_at: null,
        note: null,
      },
    ],
  });
});

test('an entry is read and removed by its id and by its address, percent-encoded or not', async () => {
  const it = house();
  const address = 'a+b/c@people.example';
  for (const name of [
    null,
    address.replace('/', '%2F'),
    encodeURIComponent(address),
    'A%2bB%2fC@PEOPLE.example',
  ]) {
    const id = await add(it, address);
    expect((await it.call('GET', `/suppressions/${name ?? id}`)).body).toMatchObject({ id, email: address });
    expect((await it.call('DELETE', `/suppressions/${name ?? id}`)).body).toEqual({
      object: 'suppression',
      id,
      deleted: true,
    });
    expect((await it.call('GET', `/suppressions/${name ?? id}`)).body).toMatchObject({
      statusCode: 404,
      message: 'Suppression not found',
    });
  }
});

test('a suppressed recipient fails no send: he is recorded and nothing is sent to him', async () => {
  const it = house();
  await add(it, 'ada@people.example');
  const { body } = await it.call('POST', '/emails', {
    body: mail({ to: ['ADA@people.example', 'bob@people.example'] }),
  });
  const { body: email } = await it.call('GET', `/emails/${body.id}`);
  expect(email.recipients.map(({ state }: { state: string }) => state)).toEqual(['suppressed', 'queued']);
});

test('an entry may end by itself, and carries a note', async () => {
  const it = house();
  const id = await add(it, 'ada@people.example', {
    expires_at: '2026-02-20T16:00:00+01:00',
    note: 'on leave',
  });
  expect((await it.call('GET', `/suppressions/${id}`)).body).toMatchObject({
    expires_at: '2026-02-20T15:00:00.000Z',
    note: 'on leave',
  });
  it.now += 3_600_000;
  expect((await it.call('GET', `/suppressions/${id}`)).status).toBe(404);
  const { body } = await it.call('POST', '/emails', { body: mail() });
  expect((await it.call('GET', `/emails/${body.id}`)).body.last_event).toBe('queued');
});

describe('in batches', () => {
  test('addresses are added and removed in the order asked; what is not listed is left out', async () => {
    const it = house();
    const emails = ['a@b.example', 'c@d.example', 'A@B.example'];
    const added = await it.call('POST', '/suppressions/batch/add', { body: { emails, note: 'all' } });
    expect(added.status).toBe(201);
    const ids = added.body.data.map(({ id }: { id: string }) => id);
    expect(ids[2]).toBe(ids[0]);
    const removed = await it.call('POST', '/suppressions/batch/remove', {
      body: { emails: ['x@y.example', 'c@d.example'] },
    });
    expect(removed.body).toEqual({ data: [{ object: 'suppression', id: ids[1], deleted: true }] });
    const rest = await it.call('POST', '/suppressions/batch/remove', {
      body: { ids: [ids[0].toUpperCase()] },
    });
    expect(rest.body.data).toHaveLength(1);
    expect((await it.call('GET', '/suppressions')).body.data).toEqual([]);
  });

  test.each([
    ['add', {}, 'emails'],
    ['add', { emails: [] }, 'emails'],
    ['add', { emails: Array(101).fill('a@b.example') }, 'emails'],
    ['add', { emails: ['a@b.example', 'x'] }, 'emails[1]'],
    ['add', { emails: ['Name <a@b.example>'] }, 'emails[0]'],
    ['add', { emails: ['a@b.example'], expires_at: 'tomorrow' }, 'expires_at'],
    ['remove', {}, 'emails'],
    ['remove', { emails: ['a@b.example'], ids: [crypto.randomUUID()] }, 'emails'],
    ['remove', { ids: ['x'] }, 'ids[0]'],
    ['remove', { emails: ['x'] }, 'emails[0]'],
  ])('%s refuses %.50j', async (verb, body, field) => {
    const it = house();
    const refused = await it.call('POST', `/suppressions/batch/${verb}`, { body });
    expect(refused.body).toMatchObject({ statusCode: 422, field });
  });
});

test.each([
  [{}, 'missing_required_field', 'email'],
  [{ email: '' }, 'missing_required_field', 'email'],
  [{ email: 'x' }, 'validation_error', 'email'],
  [{ email: 'a@b.example\r\nX: 1' }, 'validation_error', 'email'],
  [{ email: 'a@b.example', note: 'a\nb' }, 'validation_error', 'note'],
  [{ email: 'a@b.example', note: 'x'.repeat(501) }, 'validation_error', 'note'],
  [{ email: 'a@b.example', expires_at: 7 }, 'validation_error', 'expires_at'],
])('%.60j is refused', async (body, name, field) => {
  const it = house();
  const refused = await it.call('POST', '/suppressions', { body });
  expect(refused.body).toMatchObject({ statusCode: 422, name, field });
});

test('the list can be narrowed to an origin, and no other word', async () => {
  const it = house();
  await add(it, 'a@b.example');
  expect((await it.call('GET', '/suppressions?origin=manual')).body.data).toHaveLength(1);
  expect((await it.call('GET', '/suppressions?origin=bounce')).body.data).toEqual([]);
  expect((await it.call('GET', '/suppressions?origin=x')).body).toMatchObject({
    statusCode: 422,
    name: 'invalid_parameter',
    field: 'origin',
  });
});
