import { describe, expect, test } from 'vitest';
import { type CallOptions, type House, house, mail } from './house.ts';

const KEY = { 'idempotency-key': 'order-4711' };
const HOUR = 3_600_000;

function send(it: House, body: unknown, headers: CallOptions['headers'] = KEY, path = '/emails') {
  return it.call('POST', path, { body, headers: { ...headers } });
}

async function mails(it: House): Promise<number> {
  return (await it.call('GET', '/emails?limit=100')).body.data.length;
}

describe('the same key', () => {
  test('with the same request answers the same, and sends nothing again', async () => {
    const it = house();
    const first = await send(it, mail());
    const again = await send(it, mail());
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(await mails(it)).toBe(1);
  });

  test('the order of keys and white space do not matter', async () => {
    const it = house();
    const first = await send(it, mail());
    const again = await send(
      it,
      `\n ${JSON.stringify(Object.fromEntries(Object.entries(mail()).toReversed()), null, 2)}`,
    );
    expect(again.body).toEqual(first.body);
    expect(await mails(it)).toBe(1);
  });

  test.each([
    ['another subject', mail({ subject: 'Another' }), KEY, '/emails'],
    ['a key that is ignored', mail({ nonsense: 1 }), KEY, '/emails'],
    ['a switch of ours', mail(), { ...KEY, 'x-mailwright-tls': 'enforced' }, '/emails'],
    ['another endpoint', [mail()], KEY, '/emails/batch'],
  ])('with %s is another request', async (_, body, headers, path) => {
    const it = house();
    await send(it, mail());
    const other = await send(it, body, headers, path);
    if (path !== '/emails') return; // endpoints are scopes of their own
    expect(other.body).toMatchObject({ statusCode: 409, name: 'invalid_idempotent_request' });
    expect(await mails(it)).toBe(1);
  });

  test('is looked at before the fields: a known key with a bad mail is 409, not 422', async () => {
    const it = house();
    await send(it, mail());
    expect((await send(it, mail({ to: 'x' }))).body.name).toBe('invalid_idempotent_request');
  });

  test('twenty at once make one mail and one answer', async () => {
    const it = house();
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(it, mail())));
    const done = replies.filter(({ status }) => status === 200);
    expect(new Set(done.map(({ body }) => body.id)).size).toBe(1);
    for (const { status, body } of replies.filter((reply) => reply.status !== 200)) {
      expect([status, body.name]).toEqual([409, 'concurrent_idempotent_requests']);
    }
    expect(await mails(it)).toBe(1);
  });

  test('twenty big ones at once make one mail', async () => {
    const it = house();
    const big = mail({ text: 'x'.repeat(300_000) });
    const replies = await Promise.all(Array.from({ length: 20 }, () => send(it, big)));
    expect(new Set(replies.filter(({ status }) => status === 200).map(({ body }) => body.id)).size).toBe(1);
    expect(await mails(it)).toBe(1);
  });

  test('is remembered for 24 hours from acceptance', async () => {
    const it = house();
    const first = await send(it, mail());
    it.now += 24 * HOUR - 1000;
    expect((await send(it, mail())).body).toEqual(first.body);
    it.now += 2000;
    expect((await send(it, mail())).body).not.toEqual(first.body);
    expect(await mails(it)).toBe(2);
  });

  test.each([
    ['a refused mail', mail({ to: 'x' }), 422],
    ['a foreign sender', mail({ from: 'a@foreign.example' }), 403],
    ['a body that is no JSON', '{', 400],
  ])('is free again after %s', async (_, body, status) => {
    const it = house();
    expect((await send(it, body)).status).toBe(status);
    expect((await send(it, mail())).status).toBe(200);
  });

  test('is free again when the store was down', async () => {
    const it = house();
    const message = 'From: a@mine.example\r\nTo: b@people.example\r\nSubject: x\r\n\r\nHi\r\n';
    const raw = { raw: btoa(message) };
    it.store.isDown = true;
    const refused = await send(it, raw, KEY, '/emails/raw');
    expect(refused.body).toMatchObject({ statusCode: 503, name: 'application_error' });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    it.store.isDown = false;
    expect((await send(it, raw, KEY, '/emails/raw')).status).toBe(200);
    expect(it.verbs).toEqual(['admit', 'release', 'admit', 'accept']);
  });

  test('covers a whole batch, errors included', async () => {
    const it = house();
    const headers = { ...KEY, 'x-batch-validation': 'permissive' };
    const batch = [mail(), mail({ to: 'x' }), mail()];
    const first = await send(it, batch, headers, '/emails/batch');
    expect(first.body.errors).toHaveLength(1);
    expect((await send(it, batch, headers, '/emails/batch')).body).toEqual(first.body);
    expect(await mails(it)).toBe(2);
    const strict = await send(it, batch, { ...KEY, 'x-batch-validation': 'strict' }, '/emails/batch');
    expect(strict.body.name).toBe('invalid_idempotent_request');
  });
});

describe('threats §9 r7: a key belongs to its account', () => {
  test('the same key in two accounts names two requests', async () => {
    const it = house();
    const ids: string[] = [];
    for (const account of ['alpha', 'beta']) {
      const key = await it.newKey({ account });
      const { body } = await it.call('POST', '/emails', { key, body: mail(), headers: KEY });
      ids.push(body.id);
    }
    expect(new Set(ids).size).toBe(2);
  });
});

describe('the key itself', () => {
  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['257 characters', 'x'.repeat(257)],
  ])('%s is refused', async (_, key) => {
    const it = house();
    const refused = await send(it, mail(), { 'idempotency-key': key });
    expect(refused.body).toMatchObject({ statusCode: 400, name: 'invalid_idempotency_key' });
    expect(await mails(it)).toBe(0);
  });

  test.each([
    ['one character', 'x'],
    ['256 characters', 'x'.repeat(256)],
    ['256 Korean ones, as their bytes arrive', Buffer.from('키'.repeat(256)).toString('latin1')],
    ['punctuation', 'order/4711?x={"a":1}'],
  ])('%s is a key', async (_, key) => {
    const it = house();
    const first = await send(it, mail(), { 'idempotency-key': key });
    expect((await send(it, mail(), { 'idempotency-key': key })).body).toEqual(first.body);
    expect(await mails(it)).toBe(1);
  });

  test('means nothing where nothing is sent', async () => {
    const it = house();
    for (const name of ['one', 'two']) {
      expect((await it.call('POST', '/api-keys', { body: { name }, headers: KEY })).status).toBe(201);
    }
  });
});
