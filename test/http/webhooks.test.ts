import { describe, expect, test } from 'vitest';
import { FIRED_TYPES, SILENT_TYPES } from '../../schemas/webhook-type.ts';
import { createSealer } from '../../src/secrets/sealer.ts';
import { type House, house, OPERATOR_KEY } from './house.ts';

const ENDPOINT = 'https://receiver.example/hook';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

interface Made {
  readonly id: string;
  readonly signing_secret: string;
}

async function create(it: House, over: Readonly<Record<string, unknown>> = {}): Promise<Made> {
  const body = { endpoint: ENDPOINT, events: ['email.sent'], ...over };
  const made = await it.call('POST', '/webhooks', { body });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body;
}

describe('POST /webhooks', () => {
  test('answers the id and a secret that nobody has seen before, and stores the secret sealed', async () => {
    const it = house();
    const { status, body } = await it.call('POST', '/webhooks', {
      body: { endpoint: ENDPOINT, events: ['email.sent', 'email.bounced'] },
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      object: 'webhook',
      id: expect.any(String),
      signing_secret: expect.stringMatching(SECRET),
    });
    expect((await create(it)).signing_secret).not.toBe(body.signing_secret);
    const stored = JSON.stringify(it.sql().exec('SELECT * FROM webhooks'));
    expect(stored).not.toContain(body.signing_secret.slice('whsec_'.length, -1));
    expect(JSON.stringify(it.log)).not.toContain(body.signing_secret);
  });

  test('takes every type of the contract, also those that are never fired, and a repeated one once', async () => {
    const it = house();
    const events = [...FIRED_TYPES, ...SILENT_TYPES];
    const all = await create(it, { events });
    expect((await it.call('GET', `/webhooks/${all.id}`)).body.events).toEqual(events);
    const twice = await create(it, { events: ['email.sent', 'email.bounced', 'email.sent'] });
    expect((await it.call('GET', `/webhooks/${twice.id}`)).body.events).toEqual([
      'email.sent',
      'email.bounced',
    ]);
  });

  test.each([
    ['a type nobody knows', { events: ['email.sent', 'email.sentt'] }, 'events[1]', 'validation_error'],
    ['what only GET /events lists', { events: ['email.queued'] }, 'events[0]', 'validation_error'],
    ['no type', { events: [] }, 'events', 'validation_error'],
    ['types that are no list', { events: 'email.sent' }, 'events', 'validation_error'],
    ['null as a type', { events: [null] }, 'events[0]', 'validation_error'],
    ['more types than there are', { events: Array(200).fill('email.sent') }, 'events', 'validation_error'],
    ['types left out', { events: undefined }, 'events', 'missing_required_field'],
    ['no endpoint', { endpoint: undefined }, 'endpoint', 'missing_required_field'],
    ['an empty endpoint', { endpoint: '' }, 'endpoint', 'missing_required_field'],
    ['an endpoint that is no text', { endpoint: 7 }, 'endpoint', 'validation_error'],
  ])('refuses %s, and stores nothing', async (_, over, field, name) => {
    const it = house();
    const body = { endpoint: ENDPOINT, events: ['email.sent'], ...over };
    const refused = await it.call('POST', '/webhooks', { body });
    expect(refused.body).toMatchObject({ statusCode: 422, name, field });
    expect(it.verbs).not.toContain('createWebhook');
  });

  test('an account has no more than fifty', async () => {
    const it = house({ rateLimit: 0 });
    for (let count = 0; count < 50; count += 1) await create(it);
    const { status, body } = await it.call('POST', '/webhooks', {
      body: { endpoint: ENDPOINT, events: ['email.sent'] },
    });
    expect([status, body.name]).toEqual([422, 'validation_error']);
    expect(body.message).toContain('at most 50');
  });
});

/** One URL for each row; what each rule refuses in all its spellings is tested where the rule is. */
const REFUSED: readonly (readonly [row: string, endpoint: string, rule: string])[] = [
  ['threats §5 r1: a private address', 'https://167772161/', 'public address'],
  ['threats §5 r2: a private address behind another', 'https://[::ffff:10.0.0.1]/', 'public address'],
  [
    'threats §5 r3: a name of the inside',
    'https://metadata.google.internal/',
    'a host of the public internet',
  ],
  ['threats §5 r4: the metadata service', 'https://169.254.169.254/latest', 'public address'],
  ['threats §5 r5: a user in the URL', 'https://example.com@127.0.0.1/', 'user name'],
  ['threats §5 r6: plain http', 'http://receiver.example/', 'https://'],
  ['threats §5 r6: another scheme', 'file:///etc/passwd', 'https://'],
  ['threats §5 r7: the port of another service', 'https://receiver.example:6379/', 'port'],
  ['threats §5 r15: ourselves', 'https://127.0.0.1:3025/webhooks', 'this service'],
  ['what is no URL', 'https://', 'written as'],
  ['a URL without an end', `https://receiver.example/${'x'.repeat(9000)}`, '8192 characters'],
  ['threats §5 r3: a name that leads inside', 'https://127.0.0.1.nip.io/', 'public address'],
  ['threats §5 r9: a name with one private address', 'https://half.example/', 'public address'],
];

describe('an endpoint is judged before it is stored', () => {
  test.each(REFUSED)('%s is refused, and the answer names field and rule', async (_, endpoint, rule) => {
    const it = house();
    it.names.set('127.0.0.1.nip.io', ['127.0.0.1']).set('half.example', ['93.184.215.14', '::1']);
    const { id } = await create(it);
    const made = await it.call('POST', '/webhooks', { body: { endpoint, events: ['email.sent'] } });
    const moved = await it.call('PATCH', `/webhooks/${id}`, { body: { endpoint } });
    for (const { body } of [made, moved]) {
      expect(body).toMatchObject({ statusCode: 422, name: 'validation_error', field: 'endpoint' });
      expect(body.message).toMatch(/^Invalid `endpoint` field\. [A-Z].*\.$/);
      expect(body.message).toContain(rule);
    }
    expect((await it.call('GET', '/webhooks')).body.data).toMatchObject([{ id, endpoint: ENDPOINT }]);
  });

  test('it is kept as it was given', async () => {
    const it = house();
    const endpoint = 'https://Receiver.EXAMPLE:8443/a%20b?token=x#part';
    const { id } = await create(it, { endpoint });
    expect((await it.call('GET', `/webhooks/${id}`)).body.endpoint).toBe(endpoint);
  });
});

describe('reading, changing, removing', () => {
  test('the list has no secrets; one alone shows its own', async () => {
    const it = house();
    const first = await create(it);
    it.now += 1000;
    const second = await create(it, { events: ['email.bounced'] });
    const { body } = await it.call('GET', '/webhooks');
    expect(body.data).toEqual([
      {
        id: second.id,
        endpoint: ENDPOINT,
        events: ['email.bounced'],
        status: 'enabled',
        created_at: '2026-02-20T14:00:01.000Z',
        disabled_reason: null,
        disabled_at: null,
        include_body: false,
      },
      expect.objectContaining({ id: first.id }),
    ]);
    const page = await it.call('GET', `/webhooks?limit=1&after=${second.id}`);
    expect(page.body).toMatchObject({ has_more: false, data: [{ id: first.id }] });
    const one = await it.call('GET', `/webhooks/${first.id.toUpperCase()}`);
    expect(one.body).toMatchObject({ object: 'webhook', signing_secret: first.signing_secret });
  });

  test('a change touches what it names', async () => {
    const it = house();
    const { id } = await create(it);
    const read = async () => (await it.call('GET', `/webhooks/${id}`)).body;
    const before = await read();
    for (const body of [{}, { endpoint: null, events: null, status: null }, { surplus: true }]) {
      expect((await it.call('PATCH', `/webhooks/${id}`, { body })).body).toEqual({ object: 'webhook', id });
    }
    expect(await read()).toEqual(before);
    await it.call('PATCH', `/webhooks/${id}`, { body: { events: ['email.bounced', 'email.bounced'] } });
    await it.call('PATCH', `/webhooks/${id}`, { body: { endpoint: 'https://other.example/' } });
    expect(await read()).toEqual({
      ...before,
      endpoint: 'https://other.example/',
      events: ['email.bounced'],
    });
    for (const body of [{ events: [] }, { status: 'paused' }, { endpoint: 7 }]) {
      expect((await it.call('PATCH', `/webhooks/${id}`, { body })).status).toBe(422);
    }
  });

  test('disabled by request shows why and since when; enabled again shows nothing of it', async () => {
    const it = house();
    const { id } = await create(it);
    await it.call('PATCH', `/webhooks/${id}`, { body: { status: 'disabled' } });
    const disabled = {
      status: 'disabled',
      disabled_reason: 'by_request',
      disabled_at: '2026-02-20T14:00:00.000Z',
    };
    expect((await it.call('GET', `/webhooks/${id}`)).body).toMatchObject(disabled);
    expect((await it.call('GET', '/webhooks')).body.data).toMatchObject([disabled]);
    await it.call('PATCH', `/webhooks/${id}`, { body: { status: 'enabled' } });
    const enabled = { status: 'enabled', disabled_reason: null, disabled_at: null };
    expect((await it.call('GET', `/webhooks/${id}`)).body).toMatchObject(enabled);
  });

  test('it is told the body of received mail only when it asked for it', async () => {
    const it = house();
    const { id } = await create(it, { include_body: true });
    const { id: other } = await create(it);
    const shown = async (of: string) => (await it.call('GET', `/webhooks/${of}`)).body.include_body;
    expect([await shown(id), await shown(other)]).toEqual([true, false]);
    await it.call('PATCH', `/webhooks/${id}`, { body: { status: 'disabled' } });
    expect(await shown(id)).toBe(true);
    await it.call('PATCH', `/webhooks/${id}`, { body: { include_body: false } });
    await it.call('PATCH', `/webhooks/${other}`, { body: { include_body: true } });
    expect([await shown(id), await shown(other)]).toEqual([false, true]);
    for (const include_body of ['true', 1, {}]) {
      const { status, body } = await it.call('PATCH', `/webhooks/${id}`, { body: { include_body } });
      expect([status, body.field]).toEqual([422, 'include_body']);
    }
  });

  test('what was removed is unknown to every operation', async () => {
    const it = house();
    const { id } = await create(it);
    expect((await it.call('DELETE', `/webhooks/${id}`)).body).toEqual({
      object: 'webhook',
      id,
      deleted: true,
    });
    expect((await it.call('GET', '/webhooks')).body.data).toEqual([]);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/signing-secret/rotate'],
      ['POST', '/test'],
      ['GET', '/events'],
      ['GET', '/events/msg_0'],
      ['POST', '/events/msg_0/replay'],
      ['GET', '/events/msg_0/attempts'],
    ] as const) {
      const { body } = await it.call(method, `/webhooks/${id}${path}`);
      expect(body, `${method} ${path}`).toMatchObject({ statusCode: 404, message: 'Webhook not found' });
    }
  });

  test('rotating answers a new secret, which is shown from then on', async () => {
    const it = house();
    const { id, signing_secret: old } = await create(it);
    const { status, body } = await it.call('POST', `/webhooks/${id.toUpperCase()}/signing-secret/rotate`);
    expect([status, body.id]).toEqual([200, id]);
    expect(body.signing_secret).toMatch(SECRET);
    expect(body.signing_secret).not.toBe(old);
    expect((await it.call('GET', `/webhooks/${id}`)).body.signing_secret).toBe(body.signing_secret);
  });

  test('a secret that cannot be opened any more is shown as empty, and rotating helps', async () => {
    const sealers = [1, 2].map((byte) => createSealer(new Uint8Array(32).fill(byte)));
    let current = 0;
    const sealer = {
      seal: async (secret: string, about: string) => (await sealers[current]?.seal(secret, about)) ?? '',
      open: async (sealed: string, about: string) => (await sealers[current]?.open(sealed, about)) ?? null,
    };
    const it = house({}, { sealer });
    const { id } = await create(it);
    current = 1;
    expect((await it.call('GET', `/webhooks/${id}`)).body.signing_secret).toBe('');
    const rotated = await it.call('POST', `/webhooks/${id}/signing-secret/rotate`);
    expect((await it.call('GET', `/webhooks/${id}`)).body.signing_secret).toBe(rotated.body.signing_secret);
  });

  test('a sending key sees and changes nothing', async () => {
    const it = house();
    const { id } = await create(it);
    const key = await it.newKey({ permission: 'sending_access' });
    expect((await it.call('GET', `/webhooks/${id}`, { key })).body.name).toBe('restricted_api_key');
    expect((await it.call('GET', '/events', { key })).body.name).toBe('restricted_api_key');
  });

  test("threats §9 r6: one account's webhook is unknown to another", async () => {
    const it = house();
    const beta = await it.newKey({ account: 'beta' });
    const { id } = await create(it);
    for (const key of [beta, OPERATOR_KEY]) {
      const asked = key === beta ? id : UNKNOWN;
      expect((await it.call('GET', `/webhooks/${asked}`, { key })).body.message).toBe('Webhook not found');
    }
    const cursor = await it.call('GET', `/webhooks?after=${id}`, { key: beta });
    expect([cursor.status, cursor.body.field]).toEqual([422, 'after']);
  });
});
