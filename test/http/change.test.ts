import { describe, expect, test } from 'vitest';
import { FAILED, send, settle, TAKEN } from './accepted.ts';
import { house } from './house.ts';

describe('a scheduled mail', () => {
  test('shows the moment it was resolved to, and waits for it', async () => {
    const it = house();
    const id = await send(it, { scheduled_at: 'Friday at 3pm ET' });
    expect((await it.call('GET', `/emails/${id}`)).body).toMatchObject({
      scheduled_at: '2026-02-20T20:00:00.000Z',
      last_event: 'scheduled',
    });
    expect(settle(it, { kind: 'sent', smtp: TAKEN })).toBe(0);
    it.now = Date.UTC(2026, 1, 20, 20);
    expect(settle(it, { kind: 'sent', smtp: TAKEN })).toBe(1);
  });

  test('of a past moment goes now', async () => {
    const it = house();
    const id = await send(it, { scheduled_at: '2020-01-01T00:00:00Z' });
    expect((await it.call('GET', `/emails/${id}`)).body).toMatchObject({
      scheduled_at: null,
      last_event: 'queued',
    });
    expect(settle(it, { kind: 'sent', smtp: TAKEN })).toBe(1);
  });

  test('can be moved, with surplus keys in the body, and wakes the clerk', async () => {
    const it = house();
    const id = await send(it, { scheduled_at: 'in 1 hour' });
    it.woken.length = 0;
    const body = { id, email_id: id, scheduled_at: 'in 2 hours', html: 'ignored' };
    expect((await it.call('PATCH', `/emails/${id}`, { body })).body).toEqual({ object: 'email', id });
    expect((await it.call('GET', `/emails/${id}`)).body.scheduled_at).toBe('2026-02-20T16:00:00.000Z');
    expect(it.woken).toEqual(['default']);
  });

  test.each([
    [{}, 'missing_required_field'],
    [{ scheduled_at: '' }, 'missing_required_field'],
    [{ scheduled_at: null }, 'missing_required_field'],
    [{ scheduled_at: 'soon' }, 'validation_error'],
    [{ scheduled_at: 'in 31 days' }, 'validation_error'],
  ])('is not moved by %j', async (body, name) => {
    const it = house();
    const id = await send(it, { scheduled_at: 'in 1 hour' });
    const refused = await it.call('PATCH', `/emails/${id}`, { body });
    expect(refused.body).toMatchObject({ statusCode: 422, name, field: 'scheduled_at' });
    expect((await it.call('GET', `/emails/${id}`)).body.scheduled_at).toBe('2026-02-20T15:00:00.000Z');
  });

  test.each([['{}'], ['']])(
    'can be cancelled with the body %j, and is then neither sent nor moved',
    async (text) => {
      const it = house();
      const id = await send(it, { scheduled_at: 'in 1 hour' });
      expect((await it.call('POST', `/emails/${id}/cancel`, { body: text })).body).toEqual({
        object: 'email',
        id,
      });
      expect((await it.call('GET', `/emails/${id}`)).body.last_event).toBe('canceled');
      it.now += 3_600_000;
      expect(settle(it, { kind: 'sent', smtp: TAKEN })).toBe(0);
      for (const [method, path, body] of [
        ['POST', `/emails/${id}/cancel`, undefined],
        ['PATCH', `/emails/${id}`, { scheduled_at: 'in 1 hour' }],
      ] as const) {
        expect((await it.call(method, path, { body })).body).toMatchObject({
          statusCode: 422,
          name: 'validation_error',
        });
      }
    },
  );

  test('that was sent can be neither cancelled nor moved', async () => {
    const it = house();
    const id = await send(it);
    settle(it, { kind: 'sent', smtp: TAKEN });
    expect((await it.call('POST', `/emails/${id}/cancel`)).status).toBe(422);
    expect((await it.call('PATCH', `/emails/${id}`, { body: { scheduled_at: 'in 1 hour' } })).status).toBe(
      422,
    );
  });
});

test('a failed mail can be sent again, and one that has not failed cannot', async () => {
  const it = house();
  const id = await send(it);
  expect((await it.call('POST', `/emails/${id}/retry`)).body).toMatchObject({ statusCode: 422 });
  settle(it, FAILED);
  it.woken.length = 0;
  expect((await it.call('POST', `/emails/${id}/retry`)).body).toEqual({ object: 'email', id });
  expect(it.woken).toEqual(['default']);
  expect(settle(it, { kind: 'sent', smtp: TAKEN })).toBe(1);
  expect((await it.call('GET', `/emails/${id}`)).body.last_event).toBe('sent');
});

test('a finished mail can be removed with all that is known of it, an unfinished one cannot', async () => {
  const it = house();
  const id = await send(it);
  expect((await it.call('DELETE', `/emails/${id}`)).body).toMatchObject({ statusCode: 422 });
  settle(it, { kind: 'sent', smtp: TAKEN });
  expect((await it.call('DELETE', `/emails/${id}`)).body).toEqual({ object: 'email', id, deleted: true });
  for (const path of [`/emails/${id}`, `/emails/${id}/events`, `/emails/${id}/raw`]) {
    expect((await it.call('GET', path)).body.message).toBe('Email not found');
  }
});
