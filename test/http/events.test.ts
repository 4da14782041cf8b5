import { describe, expect, test } from 'vitest';
import { type House, house, mail } from './house.ts';

/** A day in the life of an account: an hour between one thing and the next. */
async function lively() {
  const it = house({ rateLimit: 0 });
  const send = async (over: Readonly<Record<string, unknown>>) => {
    it.now += 3_600_000;
    return (await it.call('POST', '/emails', { body: mail(over) })).body.id as string;
  };
  const ada = await send({ to: 'Ada@people.example', tags: [{ name: 'kind', value: 'order' }] });
  const bob = await send({ to: ['bob@people.example'], tags: [{ name: 'kind', value: 'welcome' }] });
  const later = await send({ to: ['ada@people.example'], scheduled_at: 'in 1 day' });
  it.now += 3_600_000;
  await it.call('POST', '/suppressions', { body: { email: 'eve@people.example' } });
  return { it, ada, bob, later };
}

interface Listed {
  readonly id: string;
  readonly type: string;
}

async function types(it: House, query: string): Promise<readonly string[]> {
  const { status, body } = await it.call('GET', `/events${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.map(({ type }: Listed) => type);
}

describe('GET /events', () => {
  test('lists everything that happened, newest first', async () => {
    const { it, ada } = await lively();
    expect(await types(it, '')).toEqual([
      'suppression.added',
      'email.scheduled',
      'email.queued',
      'email.queued',
    ]);
    const { body } = await it.call('GET', '/events');
    expect(body.data.at(-1)).toEqual({
      id: expect.any(String),
      type: 'email.queued',
      created_at: '2026-02-20T15:00:00.000Z',
      recipient: 'Ada@people.example',
      attempt: 0,
      relay: null,
      phase: null,
      smtp: null,
      next_attempt_at: null,
      maybe_duplicate: false,
      reason: null,
      email_id: ada,
      webhook_id: null,
    });
    expect(body.data[0]).toMatchObject({ recipient: 'eve@people.example', email_id: null });
  });

  test('each filter, and several of them at once', async () => {
    const { it, ada, later } = await lively();
    const found = async (query: string) => (await types(it, query)).length;
    expect(await types(it, '?type=email.scheduled')).toEqual(['email.scheduled']);
    expect(await found('?type=email.bounced')).toBe(0);
    expect(await found(`?email_id=${ada.toUpperCase()}`)).toBe(1);
    expect(await found(`?email_id=${crypto.randomUUID()}`)).toBe(0);
    expect(await found('?recipient=ADA@PEOPLE.example')).toBe(2);
    expect(await found('?recipient=eve%40people.example')).toBe(1);
    expect(await found('?tag=kind:order')).toBe(1);
    expect(await found('?tag=kind:nothing')).toBe(0);
    expect(await found('?since=2026-02-20T17:00:00Z')).toBe(2);
    expect(await found('?until=2026-02-20T16:00:00.000Z')).toBe(2);
    expect(await found('?since=2026-02-20T16:00:00Z&until=2026-02-20T17:00:00Z')).toBe(2);
    expect(await found('?since=2026-02-20T18:00:00%2B01:00')).toBe(2);
    expect(await found(`?recipient=ada@people.example&email_id=${later}&type=email.scheduled`)).toBe(1);
    expect(await found('?recipient=ada@people.example&tag=kind:welcome')).toBe(0);
  });

  test('an address in another script is found by either spelling', async () => {
    const it = house();
    await it.call('POST', '/emails', { body: mail({ to: ['ada@b\u00fccher.example'] }) });
    expect(await types(it, `?recipient=${encodeURIComponent('ada@b\u00fccher.example')}`)).toHaveLength(1);
    expect(await types(it, '?recipient=ada@xn--bcher-kva.example')).toHaveLength(1);
  });

  test('pages walk through what a filter leaves', async () => {
    const { it } = await lively();
    const first = await it.call('GET', '/events?limit=1&recipient=ada@people.example');
    expect(first.body).toMatchObject({ has_more: true, data: [{ type: 'email.scheduled' }] });
    const [{ id }] = first.body.data;
    const second = await it.call('GET', `/events?limit=1&recipient=ada@people.example&after=${id}`);
    expect(second.body).toMatchObject({ has_more: false, data: [{ type: 'email.queued' }] });
  });

  test.each([
    ['type=email.unknown', 'invalid_parameter', 'type'],
    ['type=contact.created', 'invalid_parameter', 'type'],
    ['email_id=x', 'invalid_parameter', 'email_id'],
    ['recipient=nobody', 'invalid_parameter', 'recipient'],
    ['recipient=', 'invalid_parameter', 'recipient'],
    ['recipient=Ada%20%3Ca%40b.example%3E', 'invalid_parameter', 'recipient'],
    ['tag=kind', 'invalid_parameter', 'tag'],
    ['tag=kind:a:b', 'invalid_parameter', 'tag'],
    ['tag=:', 'invalid_parameter', 'tag'],
    ['since=yesterday', 'invalid_parameter', 'since'],
    ['since=2026-02-20', 'invalid_parameter', 'since'],
    ['until=2026-02-30T00:00:00Z', 'invalid_parameter', 'until'],
    ['limit=0', 'invalid_parameter', 'limit'],
    ['type=email.sent&type=email.bounced', 'invalid_parameter', 'type'],
    [`after=${crypto.randomUUID()}`, 'validation_error', 'after'],
  ])('refuses ?%s', async (query, name, field) => {
    const it = house();
    expect((await it.call('GET', `/events?${query}`)).body).toMatchObject({ statusCode: 422, name, field });
  });
});
