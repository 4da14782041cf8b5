import { describe, expect, test } from 'vitest';
import { FIRED_TYPES } from '../../schemas/webhook-type.ts';
import type { DeliveryAnswer } from '../../src/mailroom/webhook-records.ts';
import { type House, house } from './house.ts';

const MESSAGE_ID = /^msg_[0-9a-f]{32}$/;

async function webhook(it: House, events: readonly string[] = ['email.sent']): Promise<string> {
  const body = { endpoint: 'https://receiver.example/', events };
  return (await it.call('POST', '/webhooks', { body })).body.id;
}

async function sample(it: House, id: string, type?: string): Promise<string> {
  const { status, body } = await it.call('POST', `/webhooks/${id}/test`, { body: { type } });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.id;
}

/** Makes the calls that are due now, as the clerk would; each comes to the same. */
function callAll(it: House, answer: DeliveryAnswer): void {
  const { claims } = it.room().claimDeliveries({ now: it.now, limit: 100, leaseMs: 60_000 });
  expect(claims.length).toBeGreaterThan(0);
  for (const { claimId } of claims) {
    it.room().settleDelivery({ claimId, now: it.now, sentAt: it.now, answer });
  }
}

const WELL: DeliveryAnswer = { kind: 'answered', status: 200, response: 'ok', retryAfterMs: null };
const BROKEN: DeliveryAnswer = { kind: 'broken', status: 0, response: 'The call was interrupted.' };

describe('POST /webhooks/{id}/test', () => {
  test.each(FIRED_TYPES)(
    'sends a sample of %s that fits its schema and says that it is a test',
    async (type) => {
      const it = house();
      const id = await webhook(it);
      const eventId = await sample(it, id, type);
      expect(eventId).toMatch(MESSAGE_ID);
      const { body } = await it.call('GET', `/webhooks/${id}/events/${eventId}`);
      expect(body).toMatchObject({ type, status: 'pending', payload: { type, data: { test: true } } });
      expect(it.woken).toContain('default');
    },
  );

  test('without a type it is one that the webhook subscribes to', async () => {
    const it = house();
    const id = await webhook(it, ['contact.created', 'suppression.added']);
    for (const body of [undefined, '', {}, { type: null }]) {
      const { body: queued } = await it.call('POST', `/webhooks/${id}/test`, { body });
      const read = await it.call('GET', `/webhooks/${id}/events/${queued.id}`);
      expect(read.body.type).toBe('suppression.added');
    }
  });

  test.each(['contact.created', 'email.queued', 'x', 7])('there is no sample of %s', async (type) => {
    const it = house();
    const id = await webhook(it);
    const { body } = await it.call('POST', `/webhooks/${id}/test`, { body: { type } });
    expect(body).toMatchObject({ statusCode: 422, name: 'validation_error', field: 'type' });
  });

  test('a disabled webhook gets none', async () => {
    const it = house();
    const id = await webhook(it);
    await it.call('PATCH', `/webhooks/${id}`, { body: { status: 'disabled' } });
    const { body } = await it.call('POST', `/webhooks/${id}/test`);
    expect(body).toMatchObject({ statusCode: 422, name: 'validation_error' });
    expect(body.message).toContain('disabled');
  });
});

describe('the events of a webhook', () => {
  test('are paged by their own ids, newest first', async () => {
    const it = house();
    const id = await webhook(it);
    const [first, second, third] = [await sample(it, id), await sample(it, id), await sample(it, id)];
    const list = async (query = '') => {
      const { body } = await it.call('GET', `/webhooks/${id}/events${query}`);
      return [body.data.map((event: { id: string }) => event.id), body.has_more];
    };
    expect(await list()).toEqual([[third, second, first], false]);
    expect(await list('?limit=2')).toEqual([[third, second], true]);
    expect(await list(`?limit=2&after=${second}`)).toEqual([[first], false]);
    expect(await list(`?before=${second}`)).toEqual([[third], false]);
    const { body } = await it.call('GET', `/webhooks/${id}/events`);
    expect(body.data[0]).toEqual({
      id: third,
      type: 'email.sent',
      created_at: '2026-02-20T14:00:00.000Z',
      status: 'pending',
    });
  });

  test('a cursor that is none of theirs is refused', async () => {
    const it = house();
    const [id, other] = [await webhook(it), await webhook(it)];
    const foreign = await sample(it, other);
    const refused = [
      ['?after=x', 422, 'invalid_parameter'],
      [`?after=${crypto.randomUUID()}`, 422, 'invalid_parameter'],
      [`?after=msg_${'0'.repeat(90)}`, 422, 'invalid_parameter'],
      [`?after=${foreign}`, 422, 'validation_error'],
      [`?after=${foreign}&before=${foreign}`, 422, 'invalid_parameter'],
    ] as const;
    for (const [query, status, name] of refused) {
      const { body } = await it.call('GET', `/webhooks/${id}/events${query}`);
      expect(body, query).toMatchObject({ statusCode: status, name });
    }
  });

  test.each(['x', 'msg_', 'msg_-', 'msg_%00', crypto.randomUUID()])(
    '%s is no id of an event',
    async (eventId) => {
      const it = house();
      const id = await webhook(it);
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/replay'],
        ['GET', '/attempts'],
      ] as const) {
        const { body } = await it.call(method, `/webhooks/${id}/events/${eventId}${path}`);
        expect(body).toMatchObject({ statusCode: 422, name: 'invalid_parameter', field: 'event_id' });
      }
    },
  );

  test("another webhook's event is unknown", async () => {
    const it = house();
    const [id, other] = [await webhook(it), await webhook(it)];
    const foreign = await sample(it, other);
    const { body } = await it.call('GET', `/webhooks/${id}/events/${foreign}`);
    expect(body).toMatchObject({ statusCode: 404, name: 'not_found', message: 'Webhook event not found' });
  });
});

describe('one event', () => {
  test('shows how far its delivery is, and the payload that is sent', async () => {
    const it = house();
    const id = await webhook(it);
    const eventId = await sample(it, id);
    const read = async () => (await it.call('GET', `/webhooks/${id}/events/${eventId}`)).body;
    const [{ payload } = { payload: '' }] = it
      .sql()
      .exec<{ payload: string }>('SELECT payload FROM webhook_messages');
    expect(await read()).toEqual({
      object: 'webhook_event',
      id: eventId,
      type: 'email.sent',
      created_at: '2026-02-20T14:00:00.000Z',
      status: 'pending',
      next_attempt_at: null,
      payload: JSON.parse(payload),
    });
    callAll(it, BROKEN);
    const { status, next_attempt_at: next } = await read();
    expect(status).toBe('attempting');
    expect(Date.parse(next) - it.now).toBeGreaterThanOrEqual(5_000);
    it.now = Date.parse(next);
    callAll(it, WELL);
    expect(await read()).toMatchObject({ status: 'success', next_attempt_at: null });
  });

  test('its attempts are listed newest first, with what was answered', async () => {
    const it = house();
    const id = await webhook(it);
    const eventId = await sample(it, id);
    callAll(it, BROKEN);
    it.now += 60_000;
    callAll(it, { kind: 'answered', status: 503, response: '안녕 <b>', retryAfterMs: null });
    const path = `/webhooks/${id}/events/${eventId}/attempts`;
    const { body } = await it.call('GET', path);
    expect(body).toMatchObject({
      object: 'list',
      has_more: false,
      data: [
        { http_status_code: 503, response: '안녕 <b>', sent_at: '2026-02-20T14:01:00.000Z' },
        { http_status_code: 0, response: 'The call was interrupted.', sent_at: '2026-02-20T14:00:00.000Z' },
      ],
    });
    const [newest, oldest] = body.data;
    expect((await it.call('GET', `${path}?limit=1`)).body).toMatchObject({ has_more: true, data: [newest] });
    expect((await it.call('GET', `${path}?after=${newest.id}`)).body.data).toEqual([oldest]);
    expect((await it.call('GET', `${path}?after=${crypto.randomUUID()}`)).body).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
      field: 'after',
    });
  });

  test('is sent again when it is finished, and not before', async () => {
    const it = house();
    const id = await webhook(it);
    const eventId = await sample(it, id);
    const replay = () => it.call('POST', `/webhooks/${id}/events/${eventId}/replay`);
    expect((await replay()).body).toMatchObject({ statusCode: 422, name: 'validation_error' });
    callAll(it, WELL);
    it.woken.length = 0;
    expect((await replay()).body).toEqual({ object: 'webhook_event', id: eventId });
    expect(it.woken).toEqual(['default']);
    callAll(it, WELL);
    const attempts = await it.call('GET', `/webhooks/${id}/events/${eventId}/attempts`);
    expect(attempts.body.data).toHaveLength(2);
  });
});

test('what is written for webhooks wakes whoever sends it: suppressions, changes', async () => {
  const it = house();
  const id = await webhook(it, ['suppression.added', 'suppression.removed']);
  const woken = async (method: string, path: string, body?: object) => {
    it.woken.length = 0;
    await it.call(method, path, { body });
    return it.woken.length;
  };
  expect(await woken('POST', '/suppressions', { email: 'a@b.example' })).toBe(1);
  expect(await woken('POST', '/suppressions/batch/add', { emails: ['c@d.example'] })).toBe(1);
  expect(await woken('DELETE', '/suppressions/a@b.example')).toBe(1);
  expect(await woken('POST', '/suppressions/batch/remove', { emails: ['c@d.example'] })).toBe(1);
  expect(await woken('PATCH', `/webhooks/${id}`, { status: 'enabled' })).toBe(1);
  const { body } = await it.call('GET', `/webhooks/${id}/events`);
  expect(body.data.map((event: { type: string }) => event.type)).toEqual([
    'suppression.removed',
    'suppression.removed',
    'suppression.added',
    'suppression.added',
  ]);
});
