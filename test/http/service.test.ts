import { describe, expect, test } from 'vitest';
import { StorageLost } from '../../src/platform/node/sqlite.ts';
import { DOMAIN_ID, house, mail, OTHER_DOMAIN_ID } from './house.ts';

describe('GET /health', () => {
  test.each([
    ['without a key', null],
    ['with a key of nobody', 'nonsense'],
  ])('%s says one word', async (_, key) => {
    const it = house();
    const { status, body } = await it.call('GET', '/health', { key });
    expect([status, body]).toEqual([200, { status: 'ok' }]);
    expect(it.verbs).toEqual([]);
  });

  test('with a sending key says the same word', async () => {
    const it = house();
    const key = await it.newKey({ permission: 'sending_access' });
    expect((await it.call('GET', '/health', { key })).body).toEqual({ status: 'ok' });
  });

  test('with a full-access key shows relays, queue and storage', async () => {
    const it = house();
    it.health = {
      relays: [
        {
          name: 'main',
          state: 'held',
          reason: '535 5.7.8 refused',
          since: it.now,
          nextProbeAt: it.now + 600_000,
        },
      ],
      storage: { writable: true, freeBytes: 5 },
    };
    await it.call('POST', '/emails', { body: mail() });
    expect((await it.call('GET', '/health')).body).toEqual({
      status: 'ok',
      relays: [
        {
          name: 'main',
          state: 'held',
          reason: '535 5.7.8 refused',
          since: '2026-02-20T14:00:00.000Z',
          next_probe_at: '2026-02-20T14:10:00.000Z',
        },
      ],
      queue: { depth: 1, oldest_due_at: '2026-02-20T14:00:00.000Z' },
      storage: { writable: true, free_bytes: 5 },
    });
  });

  test('asks nobody else on behalf of a stranger, or of a key that may not know', async () => {
    const it = house();
    const sending = await it.newKey({ permission: 'sending_access' });
    const strange = sending.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    for (const key of [null, 'nonsense', strange, sending]) await it.call('GET', '/health', { key });
    expect(it.healthAsked).toBe(0);
    await it.call('GET', '/health');
    expect(it.healthAsked).toBe(1);
  });

  test('is 503 with a time to come back while mail cannot be accepted', async () => {
    const it = house();
    it.accepting = false;
    for (const key of [null, undefined]) {
      const { status, headers, body } = await it.call('GET', '/health', key === null ? { key } : {});
      expect([status, body.name]).toEqual([503, 'application_error']);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
  });
});

describe('GET /domains', () => {
  test('lists what the operator configured, with stable ids', async () => {
    const it = house();
    const { body } = await it.call('GET', '/domains');
    expect(body).toMatchObject({ object: 'list', has_more: false });
    expect(body.data).toMatchObject([
      {
        id: DOMAIN_ID,
        name: 'mine.example',
        status: 'verified',
        region: 'us-east-1',
        capabilities: { sending: 'enabled', receiving: 'enabled' },
      },
      {
        id: OTHER_DOMAIN_ID,
        name: 'other.example',
        capabilities: { sending: 'enabled', receiving: 'disabled' },
      },
    ]);
    expect((await it.call('GET', `/domains/${DOMAIN_ID}`)).body).toEqual({
      object: 'domain',
      ...body.data[0],
      records: [],
    });
  });

  test('all of them receive where mail is received for every domain, none where it is for no domain', async () => {
    for (const [receivingDomains, receiving] of [
      [null, 'enabled'],
      [[], 'disabled'],
    ] as const) {
      const { body } = await house({ receivingDomains }).call('GET', `/domains/${OTHER_DOMAIN_ID}`);
      expect(body.capabilities).toEqual({ sending: 'enabled', receiving });
    }
  });

  test('can be paged both ways', async () => {
    const it = house();
    const page = async (query: string) => {
      const { body } = await it.call('GET', `/domains?${query}`);
      return [body.data?.map(({ id }: { id: string }) => id), body.has_more];
    };
    expect(await page('limit=1')).toEqual([[DOMAIN_ID], true]);
    expect(await page(`limit=1&after=${DOMAIN_ID}`)).toEqual([[OTHER_DOMAIN_ID], false]);
    expect(await page(`before=${OTHER_DOMAIN_ID}`)).toEqual([[DOMAIN_ID], false]);
    expect((await it.call('GET', `/domains?after=${crypto.randomUUID()}`)).body).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
      field: 'after',
    });
  });

  test('is empty where any sender is accepted', async () => {
    const it = house({ domains: null });
    expect((await it.call('GET', '/domains')).body.data).toEqual([]);
  });

  test.each([
    ['POST', '/domains', 405],
    ['DELETE', `/domains/${DOMAIN_ID}`, 405],
    ['POST', `/domains/${DOMAIN_ID}/verify`, 404],
  ])('%s %s is not there: domains come from the configuration', async (method, path, status) => {
    const it = house();
    expect((await it.call(method, path, { body: { name: 'x.example' } })).status).toBe(status);
  });
});

describe('the description', () => {
  test('is there as YAML, as JSON and as a page that loads nothing, for anybody', async () => {
    const json = JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'T', version: '1', description: 'D' },
      tags: [],
      paths: {},
      components: { schemas: {} },
    });
    const it = house({}, { documents: { yaml: async () => 'openapi: 3.1.0\n', json: async () => json } });
    const yaml = await it.call('GET', '/openapi.yaml', { key: null });
    expect(yaml.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
    expect(new TextDecoder().decode(yaml.bytes)).toBe('openapi: 3.1.0\n');
    expect((await it.call('GET', '/openapi.json', { key: null })).body).toEqual(JSON.parse(json));
    const page = await it.call('GET', '/docs', { key: null });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(new TextDecoder().decode(page.bytes)).toMatch(/^<!doctype html>/i);
  });
});

describe('threats §13 r4: what breaks inside is logged, and not told', () => {
  test.each([
    ['an error with SQL', new Error('SELECT hash FROM api_keys: no such table at /srv/data/mailroom.db')],
    ['a lost disk', new StorageLost('The database cannot be used any more: disk I/O error')],
    ['a thrown string', 'connect ECONNREFUSED 10.0.0.7:5432'],
  ])('%s', async (_, cause) => {
    const it = house({}, { account: () => Promise.reject(cause) });
    const { status, headers, body } = await it.call('POST', '/emails', { body: mail() });
    expect([status, body]).toEqual([
      500,
      { statusCode: 500, name: 'application_error', message: 'Something went wrong on our side.' },
    ]);
    expect(it.log).toMatchObject([
      { level: 'error', event: 'request_failed', requestId: headers.get('x-request-id') },
    ]);
  });
});

test('a request that is refused or answered leaves no line in the log', async () => {
  const it = house();
  await it.call('POST', '/emails', { body: mail() });
  await it.call('POST', '/emails', { body: mail({ to: 'x' }) });
  await it.call('GET', '/nothing', { key: null });
  expect(it.log).toEqual([]);
});

test('without a limit there are no rate headers anywhere', async () => {
  const it = house({ rateLimit: 0 });
  await Promise.all([
    it.call('GET', '/emails'),
    it.call('GET', '/x', { key: null }),
    it.call('GET', '/health'),
  ]);
});

test('no answer names another origin as allowed', async () => {
  const it = house();
  const request = new Request('http://h/emails', {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  const { status, headers } = await it.request(request);
  expect(status).toBe(405);
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('nothing of an answer comes from the Host header', async () => {
  const it = house();
  const request = new Request('http://evil.example/health', { headers: { host: 'evil.example' } });
  expect(new TextDecoder().decode((await it.request(request)).bytes)).not.toContain('evil');
});
