import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type House, house, mail, OPERATOR_KEY, OTHER_DOMAIN_ID } from './house.ts';

const INVALID = { statusCode: 403, name: 'invalid_api_key', message: 'API key is invalid' };
const MISSING = {
  statusCode: 401,
  name: 'missing_api_key',
  message: 'Missing API key in the authorization header.',
};
const RESTRICTED = {
  statusCode: 401,
  name: 'restricted_api_key',
  message: 'This API key is restricted to only send emails',
};

/** The last character of the checksum, changed. */
function mistyped(token: string): string {
  return token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
}

describe('threats §9 r1: the form of a key', () => {
  test('prefix, account, public id, secret, checksum; shown once and kept as a hash', async () => {
    const it = house();
    const { status, body } = await it.call('POST', '/api-keys', { body: { name: 'Production' } });
    expect(status).toBe(201);
    expect(body.token).toMatch(/^mw_default_[0-9A-Za-z]{42}$/);
    const listed = await it.call('GET', '/api-keys');
    expect(listed.body.data).toEqual([
      {
        id: body.id,
        name: 'Production',
        created_at: '2026-02-20T14:00:00.000Z',
        last_used_at: null,
        permission: 'full_access',
        domain_id: null,
      },
    ]);
    const stored = JSON.stringify(it.sql().exec('SELECT * FROM api_keys'));
    expect(stored).toContain(createHash('sha256').update(body.token).digest('hex'));
    expect(stored).not.toContain(body.token.slice(-30));
  });

  test('two hundred keys have nothing in common but what is fixed', async () => {
    const it = house({ rateLimit: 0 });
    const tokens = await Promise.all(Array.from({ length: 200 }, () => it.newKey()));
    expect(new Set(tokens.map((token) => token.slice('mw_default_'.length, -6))).size).toBe(200);
  });

  test('another prefix makes other keys, and those with the old one are strangers', async () => {
    const it = house({ keyPrefix: 're_' });
    const { body } = await it.call('POST', '/api-keys', { body: { name: 'a' } });
    expect(body.token).toMatch(/^re_default_/);
    expect((await it.call('GET', '/emails', { key: body.token })).status).toBe(200);
    expect((await it.call('GET', '/emails', { key: await house().newKey() })).body).toEqual(INVALID);
  });
});

describe('threats §9 r2: the routing part of a key is not believed', () => {
  test("a key of one account with another's name in it opens neither", async () => {
    const it = house();
    const key = await it.newKey({ account: 'alpha' });
    it.room('beta');
    expect((await it.call('GET', '/emails', { key })).status).toBe(200);
    // With the checksum made to fit, as anybody can.
    const { body } = await it.call('GET', '/emails', { key: refitted(key, 'alpha', 'beta') });
    expect(body).toEqual(INVALID);
  });
});

/** The same key under another account's name, its checksum made to fit. */
function refitted(token: string, from: string, to: string): string {
  const body = token.replace(`mw_${from}_`, `mw_${to}_`).slice(0, -6);
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = '';
  for (let place = 0; place < 6; place += 1) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return body + digits;
}

describe('threats §9 r3: unknown, revoked and mistyped keys', () => {
  test('have one status and one body', async () => {
    const it = house();
    const revoked = await it.newKey();
    const [{ id }] = (await it.call('GET', '/api-keys')).body.data;
    expect((await it.call('DELETE', `/api-keys/${id}`)).body).toEqual({
      object: 'api_key',
      id,
      deleted: true,
    });
    const known = await it.newKey();
    const elsewhere = await house().newKey();
    const keys = [
      revoked,
      mistyped(known),
      elsewhere,
      refitted(elsewhere, 'default', 'nobody'),
      'mw_',
      'x',
      `${OPERATOR_KEY}x`,
      OPERATOR_KEY.slice(0, -1),
      'x'.repeat(5_000),
      `${known} ${known}`,
    ];
    for (const key of keys) {
      const { status, body } = await it.call('GET', '/emails', { key });
      expect(body).toEqual(INVALID);
      expect(status).toBe(403);
    }
  });

  test('an account that does not exist costs the look-up of one that does', async () => {
    const it = house();
    const key = await it.newKey();
    for (const token of [refitted(key, 'default', 'nobody'), await house().newKey()]) {
      it.verbs.length = 0;
      expect((await it.call('GET', '/emails', { key: token })).body).toEqual(INVALID);
      expect(it.verbs).toEqual(['admit']);
    }
  });
});

describe('threats §9 r4: what a key may not do', () => {
  test('a sending key may send, and nothing else', async () => {
    const it = house();
    const key = await it.newKey({ permission: 'sending_access' });
    expect((await it.call('POST', '/emails', { key, body: mail() })).status).toBe(200);
    expect((await it.call('POST', '/emails/batch', { key, body: [mail()] })).status).toBe(200);
    expect((await it.call('GET', '/emails', { key })).body).toEqual(RESTRICTED);
    expect((await it.call('POST', '/api-keys', { key, body: { name: 'more' } })).body).toEqual(RESTRICTED);
  });

  test('a key bound to one domain may not send from another', async () => {
    const it = house();
    const { body } = await it.call('POST', '/api-keys', {
      body: { name: 'bound', permission: 'sending_access', domain_id: OTHER_DOMAIN_ID },
    });
    const refused = await it.call('POST', '/emails', { key: body.token, body: mail() });
    expect(refused.body).toEqual({
      statusCode: 403,
      name: 'validation_error',
      message: 'This API key is not allowed to send from the `mine.example` domain.',
      field: 'from',
    });
    const sent = await it.call('POST', '/emails', {
      key: body.token,
      body: mail({ from: 'a@other.example' }),
    });
    expect(sent.status).toBe(200);
    const [listed] = (await it.call('GET', '/api-keys')).body.data;
    expect(listed.domain_id).toBe(OTHER_DOMAIN_ID);
    expect(listed.last_used_at).toBe('2026-02-20T14:00:00.000Z');
  });
});

describe('threats §9 r5: a key counts in one place only', () => {
  const attempts: readonly [string, (it: House) => Request][] = [
    ['in the query', () => new Request(`http://h/emails?api_key=${OPERATOR_KEY}&key=${OPERATOR_KEY}`)],
    ['in a cookie', () => new Request('http://h/emails', { headers: { cookie: `key=${OPERATOR_KEY}` } })],
    [
      'in a header of its own',
      () => new Request('http://h/emails', { headers: { 'x-api-key': OPERATOR_KEY } }),
    ],
    ['as basic auth', () => authorized(`Basic ${btoa(`${OPERATOR_KEY}:`)}`)],
    ['without a scheme', () => authorized(OPERATOR_KEY)],
    ['with an empty token', () => authorized('Bearer')],
    ['with a blank token', () => authorized('Bearer  ')],
    ['under another scheme', () => authorized(`Token ${OPERATOR_KEY}`)],
    ['not at all', () => new Request('http://h/emails')],
  ];

  test.each(attempts)('%s it is missing', async (_, request) => {
    const it = house();
    expect((await it.request(request(it))).body).toEqual(MISSING);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR '])(
    'the scheme is read in any case: %s',
    async (scheme) => {
      const it = house();
      expect((await it.request(authorized(`${scheme} ${OPERATOR_KEY}`))).status).toBe(200);
    },
  );

  function authorized(authorization: string): Request {
    return new Request('http://h/emails', { headers: { authorization } });
  }
});

test('a key of unusual characters is a key like any other, and no error of ours', async () => {
  const it = house();
  for (const key of ["'; DROP TABLE api_keys;--", '../../etc/passwd', '%00', 'mw_../x_', 'mw__', '{}']) {
    expect((await it.call('GET', '/emails', { key })).body).toEqual(INVALID);
  }
});

test('a name of a key is 1 to 50 characters, and a permission one of two', async () => {
  const it = house();
  const refused = async (body: unknown) => (await it.call('POST', '/api-keys', { body })).body;
  expect(await refused({})).toMatchObject({ statusCode: 422, name: 'missing_required_field', field: 'name' });
  expect(await refused({ name: '' })).toMatchObject({ name: 'missing_required_field', field: 'name' });
  expect(await refused({ name: 'x'.repeat(51) })).toMatchObject({ name: 'validation_error', field: 'name' });
  expect(await refused({ name: 'a\nb' })).toMatchObject({ name: 'validation_error', field: 'name' });
  expect(await refused({ name: 'a', permission: 'admin' })).toMatchObject({
    statusCode: 422,
    name: 'invalid_access',
    field: 'permission',
  });
  expect(await refused({ name: 'a', domain_id: 'x' })).toMatchObject({ statusCode: 422, field: 'domain_id' });
  expect(await refused({ name: 'a', domain_id: crypto.randomUUID() })).toEqual({
    statusCode: 404,
    name: 'not_found',
    message: 'Domain not found',
    field: 'domain_id',
  });
  expect((await it.call('GET', '/api-keys')).body.data).toEqual([]);
});

test('a key can be renamed and removed, and is unknown after that', async () => {
  const it = house();
  const { body } = await it.call('POST', '/api-keys', { body: { name: 'old' } });
  expect((await it.call('PATCH', `/api-keys/${body.id}`, { body: { name: 'new' } })).body).toEqual({
    object: 'api_key',
    id: body.id,
  });
  expect((await it.call('GET', '/api-keys')).body.data).toMatchObject([{ id: body.id, name: 'new' }]);
  await it.call('DELETE', `/api-keys/${body.id}`);
  for (const [method, over] of [
    ['PATCH', { body: { name: 'x' } }],
    ['DELETE', {}],
  ] as const) {
    expect((await it.call(method, `/api-keys/${body.id}`, over)).body).toEqual({
      statusCode: 404,
      name: 'not_found',
      message: 'API key not found',
    });
  }
});

test('keys are listed whole without a page, newest first, and in pages with one', async () => {
  const it = house({ rateLimit: 0 });
  for (let index = 0; index < 30; index += 1) {
    it.now += 1;
    await it.newKey();
  }
  const all = (await it.call('GET', '/api-keys')).body;
  expect(all).toMatchObject({ object: 'list', has_more: false });
  expect(all.data).toHaveLength(30);
  const first = (await it.call('GET', '/api-keys?limit=20')).body;
  const rest = (await it.call('GET', `/api-keys?limit=20&after=${first.data[19].id}`)).body;
  expect([first.has_more, rest.has_more]).toEqual([true, false]);
  expect([...first.data, ...rest.data]).toEqual(all.data);
});
