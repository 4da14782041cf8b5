import { describe, expect, test } from 'vitest';
import type { Operation } from '../../schemas/operation.ts';
import { OPERATIONS, type OperationId } from '../../schemas/operations.ts';
import { house, mail, OPERATOR_KEY } from './house.ts';

/** Operations that anybody may call, and why. The list is by hand: what is forgotten here fails. */
const OPEN: Readonly<Partial<Record<OperationId, string>>> = {
  getHealth: 'a load balancer has no key; what is told without one is a single word',
  getOpenapiYaml: 'the description of the API is no secret',
  getOpenapiJson: 'the same in JSON',
  getDocs: 'the same as a page',
  downloadFile: 'the link is signed: whoever has it was given it',
  uploadFile: 'the link is signed, for one file and a quarter of an hour',
  receiveByUrl: 'the URL is signed: whoever has it was allowed to hand mail in',
  askUnsubscribe: 'the link is signed, for the one address that may be taken off by it',
  unsubscribe: 'the same, and a mail program has no key',
};

const ENTRIES = Object.entries(OPERATIONS) as [OperationId, Operation][];
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

function pathOf({ path }: Operation, id = UNKNOWN): string {
  return path.replace('{id}', id).replace('{event_id}', 'msg_0').replace('{attachment_id}', UNKNOWN);
}

const KEYED = ENTRIES.filter(([, { scope }]) => scope !== 'none');
const MANAGING = KEYED.filter(([, { scope }]) => scope === 'full');
const WITH_ID = KEYED.filter(([, { params }]) => params !== undefined);
const WITH_BODY = KEYED.filter(([, { body }]) => body !== undefined);
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'options'] as const;

test('exactly the operations on the list are open', () => {
  const open = ENTRIES.filter(([, { scope }]) => scope === 'none').map(([id]) => id);
  expect(open.toSorted()).toEqual(Object.keys(OPEN).toSorted());
});

describe('every operation', () => {
  test.each(KEYED)('%s without a key is 401', async (_, operation) => {
    const it = house();
    const { status, body } = await it.call(operation.method.toUpperCase(), pathOf(operation), { key: null });
    expect(body.name).toBe('missing_api_key');
    expect(status).toBe(401);
    expect(it.verbs).toEqual([]);
  });

  test.each(KEYED)('%s with a wrong key is 403', async (_, operation) => {
    const it = house();
    const key = await house().newKey();
    const { status, body } = await it.call(operation.method.toUpperCase(), pathOf(operation), { key });
    expect(body.name).toBe('invalid_api_key');
    expect(status).toBe(403);
  });

  test.each(MANAGING)('%s with a sending key is 401', async (_, operation) => {
    const it = house();
    const key = await it.newKey({ permission: 'sending_access' });
    const { status, body } = await it.call(operation.method.toUpperCase(), pathOf(operation, 'not-an-id'), {
      key,
      ...(operation.body && { body: 'not json' }),
    });
    expect(body.name).toBe('restricted_api_key');
    expect(status).toBe(401);
  });

  test.each(ENTRIES)('%s by another verb is 405 and says which there are', async (_, operation) => {
    const it = house();
    const known = ENTRIES.filter(([, other]) => other.path === operation.path).map(
      ([, { method }]) => method,
    );
    for (const method of METHODS.filter((verb) => !known.some((other) => other === verb))) {
      const { status, headers, body } = await it.call(method.toUpperCase(), pathOf(operation), { key: null });
      expect(body).toMatchObject({
        name: 'method_not_allowed',
        message: 'Method is not allowed for the requested path.',
      });
      expect(status).toBe(405);
      const allow = headers.get('allow')?.split(', ') ?? [];
      expect(allow).toEqual(expect.arrayContaining(known.map((verb) => verb.toUpperCase())));
      expect(allow.includes('HEAD')).toBe(known.includes('get'));
    }
  });

  test.each(WITH_ID)('%s of an unknown id is 404', async (_, operation) => {
    const it = house();
    const { status, body } = await it.call(operation.method.toUpperCase(), pathOf(operation), {
      ...(operation.body && { body: { scheduled_at: 'in 1 hour', name: 'x' } }),
    });
    expect(body).toMatchObject({ name: 'not_found', message: expect.stringMatching(/^[A-Z].* not found$/) });
    expect(status).toBe(404);
  });

  test.each(WITH_ID)('%s of an id that is none is 422', async (_, operation) => {
    const it = house();
    for (const id of [
      '1',
      'x',
      `${UNKNOWN}0`,
      '%00',
      '..%2f..%2fetc',
      '%ff',
      "'%20OR%201=1",
      '%F0%9F%98%80',
    ]) {
      const { status, body } = await it.call(operation.method.toUpperCase(), pathOf(operation, id), {
        ...(operation.body && { body: { scheduled_at: 'in 1 hour', name: 'x' } }),
      });
      expect(body).toMatchObject({
        name: 'invalid_parameter',
        message: 'The `id` must be a valid UUID.',
        field: 'id',
      });
      expect(status).toBe(422);
    }
  });

  test.each(WITH_BODY)('%s with a body over the cap is 413', async (_, operation) => {
    const it = house({ bodyCap: 1000 });
    const { status, body } = await it.call(operation.method.toUpperCase(), pathOf(operation), {
      body: 'x'.repeat(1001),
    });
    expect(body).toMatchObject({ name: 'validation_error', message: expect.stringContaining('1000 bytes') });
    expect(status).toBe(413);
  });

  test.each(WITH_BODY)('%s with a body that is no JSON is 400, of another type 422', async (_, operation) => {
    const it = house();
    const method = operation.method.toUpperCase();
    for (const body of ['{', 'a=1&b=2', '<xml/>', 'NaN']) {
      expect((await it.call(method, pathOf(operation), { body })).status).toBe(400);
    }
    for (const body of ['7', '"text"', 'null', 'true', '[7]']) {
      expect((await it.call(method, pathOf(operation), { body })).status).toBe(422);
    }
  });

  test.each(WITH_BODY)(
    '%s with no body, an empty one and an empty object is the same request',
    async (_, operation) => {
      const it = house();
      const method = operation.method.toUpperCase();
      const replies: unknown[] = [];
      for (const body of [undefined, '', '{}']) {
        replies.push((await it.call(method, pathOf(operation), { body })).body);
      }
      expect(replies[1]).toEqual(replies[0]);
      expect(replies[2]).toEqual(replies[0]);
    },
  );
});

describe('routes', () => {
  test.each([
    '/',
    '/nothing',
    '/emails/batch/x',
    '/emailsx',
    '/email',
    '/v1/emails',
    '/emails%2Fbatch',
    '/emails/metrics',
    '/emails/receiving/x/y',
    '/inbound',
    '/routes/x/y',
    '/webhook',
    '/webhooks/x/signing-secret',
    '/webhooks/x/events/msg_0/payload',
    '/templates',
    '/contacts',
    '/logs',
    '/usage',
    '/domains/claim/x',
    '/__proto__',
    '/constructor',
    '/emails/x/y/z',
    '/%',
    '/%00',
    '/.env',
    '/..%2f..%2fetc%2fpasswd',
  ])('%s is not there, with a key or without', async (path) => {
    const it = house();
    for (const key of [null, OPERATOR_KEY]) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const { status, body } = await it.call(method, path, { key });
        expect(body).toEqual({
          statusCode: 404,
          name: 'not_found',
          message: 'The requested endpoint does not exist.',
        });
        expect(status).toBe(404);
      }
    }
    expect(it.verbs).toEqual([]);
  });

  test.each(['/emails/', '//emails', '///emails//', '/%65mails'])('%s is /emails', async (path) => {
    const it = house();
    expect((await it.call('POST', path, { body: mail() })).status).toBe(200);
    expect((await it.call('GET', path)).body.object).toBe('list');
  });

  test('a fixed word is never read as an id', async () => {
    const it = house();
    expect((await it.call('GET', '/emails/batch')).status).toBe(405);
    expect((await it.call('GET', '/emails/raw')).status).toBe(405);
    expect((await it.call('DELETE', '/emails/receiving')).status).toBe(405);
    expect((await it.call('GET', '/emails/receiving/events')).body.field).toBe('id');
    expect((await it.call('GET', '/emails/receiving/attachments')).body.field).toBe('id');
    expect((await it.call('GET', '/inbound/urls')).status).toBe(405);
    expect((await it.call('GET', '/suppressions/batch')).status).toBe(422);
  });

  test('HEAD is answered as GET without its body', async () => {
    const it = house();
    const { status, headers, bytes } = await it.call('HEAD', '/emails');
    expect([status, bytes.length]).toEqual([200, 0]);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect((await it.call('HEAD', '/emails', { key: null })).status).toBe(401);
  });

  test('threats §6 r13: a query has one meaning only', async () => {
    const it = house();
    const repeated = await it.call('GET', '/emails?limit=1&limit=2');
    expect(repeated.body).toMatchObject({ statusCode: 422, name: 'invalid_parameter', field: 'limit' });
    const nested = await it.call('GET', '/emails?limit.x=1&limit[y]=2&__proto__[limit]=7');
    expect(nested.status).toBe(200);
    // Behind `#` there is nothing that reaches a server.
    expect((await it.call('GET', '/emails?limit=5#?limit=x')).status).toBe(200);
    expect((await it.call('GET', '/emails?limit=5%23?limit=x')).status).toBe(422);
    expect((await it.call('GET', '/emails?limit=+5')).status).toBe(422);
  });
});

describe('the order of checks', () => {
  test('route, key, rate, permission, parameters, body, fields: the first failure wins', async () => {
    const it = house({ rateLimit: 3, bodyCap: 1000 });
    const sending = await it.newKey({ permission: 'sending_access' });
    const ask = (method: string, path: string, key: string | null, body: unknown) =>
      it.call(method, path, { key, body });
    const bad = 'x'.repeat(2000);
    expect((await ask('PUT', '/emails/x', 'wrong', bad)).status).toBe(405);
    expect((await ask('PATCH', '/emails/x', 'wrong', bad)).body.name).toBe('invalid_api_key');
    expect((await ask('PATCH', '/emails/x', sending, bad)).body.name).toBe('restricted_api_key');
    expect((await ask('PATCH', '/emails/x', OPERATOR_KEY, bad)).body.name).toBe('invalid_parameter');
    expect((await ask('PATCH', `/emails/${UNKNOWN}`, OPERATOR_KEY, bad)).status).toBe(413);
    expect((await ask('PATCH', '/emails/x', sending, bad)).body.name).toBe('rate_limit_exceeded');
    it.now += 1000;
    expect((await ask('PATCH', `/emails/${UNKNOWN}`, OPERATOR_KEY, '{')).status).toBe(400);
    expect((await ask('PATCH', `/emails/${UNKNOWN}`, OPERATOR_KEY, {})).body.name).toBe(
      'missing_required_field',
    );
    expect(
      (await ask('PATCH', `/emails/${UNKNOWN}`, OPERATOR_KEY, { scheduled_at: 'in 1 hour' })).status,
    ).toBe(404);
  });

  test('of a send: key, body, idempotency key, headers, fields, sender', async () => {
    const it = house({ rateLimit: 0 });
    const ask = async (body: unknown, headers = {}, key: string | null = OPERATOR_KEY) =>
      (await it.call('POST', '/emails', { body, headers, key })).body;
    const longKey = { 'idempotency-key': 'x'.repeat(257) };
    expect(await ask('{', longKey, 'wrong')).toMatchObject({ name: 'invalid_api_key' });
    expect(await ask('{', longKey)).toMatchObject({ statusCode: 400, name: 'validation_error' });
    expect(await ask('[7]', longKey)).toMatchObject({ statusCode: 422, name: 'validation_error' });
    expect(await ask({ to: 'x' }, longKey)).toMatchObject({ name: 'invalid_idempotency_key' });
    expect(await ask({ to: 'x' }, { 'x-mailwright-tls': 'no' })).toMatchObject({ field: 'X-Mailwright-Tls' });
    expect(await ask(mail({ from: 'a@foreign.example', subject: 'a\nb' }))).toMatchObject({
      field: 'subject',
    });
    expect(await ask(mail({ from: 'a@foreign.example' }))).toMatchObject({ statusCode: 403, field: 'from' });
  });
});
