import { Resend, type WebhookEvent } from 'resend';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PAYLOADS } from '../../schemas/webhook-payload.ts';
import { FIRED_TYPES, SILENT_TYPES } from '../../schemas/webhook-type.ts';
import { type Received, Receiver } from './receiver.ts';
import { type SdkService, startForSdk } from './sdk-service.ts';

let service: SdkService;
let resend: Resend;
const receiver = new Receiver();

beforeAll(async () => {
  service = await startForSdk({ EGRESS_ALLOW: '127.0.0.1', RATE_LIMIT: '0' });
  resend = new Resend(service.key, { baseUrl: service.url });
});
afterAll(async () => {
  await service.stop();
  await receiver.down();
});

/** Every secret that was ever handed out. */
const secrets: string[] = [];
beforeEach(() => receiver.up());
afterEach(() => receiver.down());

const MAIL = {
  from: 'Mine <hello@mine.example>',
  to: 'ada@people.example',
  subject: '안녕 👋',
  html: '<p>Hello</p>',
  tags: [{ name: 'kind', value: 'order' }],
};

function data<T>(answer: { readonly data: T | null; readonly error: unknown }): T {
  expect(answer.error).toBeNull();
  if (answer.data === null) throw new Error('Neither data nor error');
  return answer.data;
}

async function create(
  events: WebhookEvent[],
): Promise<{ readonly id: string; readonly signing_secret: string }> {
  const made = data(await resend.webhooks.create({ endpoint: receiver.url, events }));
  secrets.push(made.signing_secret);
  return made;
}

/** A sample, by the endpoint that no SDK has; answers the id of the event. */
async function sample(id: string, type: string): Promise<string> {
  const answer = await fetch(`${service.url}/webhooks/${id}/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}` },
    body: JSON.stringify({ type }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { readonly id: string }).id;
}

/** Every published verifier takes the call as it came, and none takes it changed. */
function verify({ headers, body }: Received, secret: string): void {
  const told = JSON.parse(body);
  const webhookFamily = pick(headers, 'webhook');
  const svixFamily = pick(headers, 'svix');
  expect(Object.values(svixFamily)).toEqual(Object.values(webhookFamily));
  const options = {
    headers: {
      id: headers['svix-id'] ?? '',
      timestamp: headers['svix-timestamp'] ?? '',
      signature: headers['svix-signature'] ?? '',
    },
    webhookSecret: secret,
  };
  expect(resend.webhooks.verify({ payload: body, ...options })).toEqual(told);
  expect(new StandardWebhook(secret).verify(body, webhookFamily)).toEqual(told);
  for (const family of [svixFamily, webhookFamily]) {
    expect(() => new SvixWebhook(secret).verify(body, family)).not.toThrow();
    expect(() => new SvixWebhook(secret).verify(`${body} `, family)).toThrow();
  }
  expect(() => resend.webhooks.verify({ payload: body.replace('"type"', '"Type"'), ...options })).toThrow();
  expect(headers['content-type']).toBe('application/json');
}

function pick(headers: Readonly<Record<string, string>>, family: string): Record<string, string> {
  return Object.fromEntries(
    ['id', 'timestamp', 'signature'].map((part) => [`${family}-${part}`, headers[`${family}-${part}`] ?? '']),
  );
}

async function attempts(webhookId: string, eventId: string): Promise<readonly number[]> {
  const list = data(await resend.webhooks.events.attempts.list({ webhookId, eventId }));
  return list.data.map((attempt) => attempt.http_status_code);
}

async function status(webhookId: string, eventId: string): Promise<string> {
  return data(await resend.webhooks.events.get({ webhookId, eventId })).status;
}

describe('webhooks, by the published SDK and verifiers', () => {
  test('are made, listed, read, changed and removed', async () => {
    const { id, signing_secret: secret } = await create(['email.sent']);
    expect(data(await resend.webhooks.list({ limit: 1 }))).toMatchObject({
      object: 'list',
      data: [{ id, endpoint: receiver.url, status: 'enabled', events: ['email.sent'] }],
    });
    expect(data(await resend.webhooks.get(id))).toMatchObject({
      object: 'webhook',
      id,
      signing_secret: secret,
    });
    const events: WebhookEvent[] = [...FIRED_TYPES, ...SILENT_TYPES];
    expect(data(await resend.webhooks.update(id, { events, status: 'disabled' }))).toEqual({
      object: 'webhook',
      id,
    });
    expect(data(await resend.webhooks.get(id))).toMatchObject({ events, status: 'disabled' });
    expect(data(await resend.webhooks.remove(id))).toEqual({ object: 'webhook', id, deleted: true });
    expect((await resend.webhooks.get(id)).error).toMatchObject({
      statusCode: 404,
      message: 'Webhook not found',
    });
    const refused = await resend.webhooks.create({ endpoint: 'http://10.0.0.1/', events });
    expect(refused.error).toMatchObject({ statusCode: 422, name: 'validation_error', field: 'endpoint' });
  });

  test('a mail that went to a relay is told with what the relay said, and is listed among all events', async () => {
    const hook = await create(['email.sent']);
    const { id } = data(await resend.emails.send(MAIL));
    const call = await receiver.told('email.sent', id);
    verify(call, hook.signing_secret);
    expect(JSON.parse(call.body).data).toMatchObject({
      from: 'Mine <hello@mine.example>',
      to: ['ada@people.example'],
      subject: '안녕 👋',
      tags: { kind: 'order' },
      recipient: 'ada@people.example',
      smtp: { code: 250 },
    });
    const logged = data(await resend.webhooks.events.get({ webhookId: hook.id, eventId: call.id }));
    expect(logged).toMatchObject({ type: 'email.sent', payload: JSON.parse(call.body) });
    const answer = await fetch(`${service.url}/events?tag=kind:order&type=email.sent`, {
      headers: { authorization: `Bearer ${service.key}` },
    });
    expect(await answer.json()).toMatchObject({ data: [{ email_id: id, recipient: 'ada@people.example' }] });
    data(await resend.webhooks.remove(hook.id));
  });

  test('existing tests against simulated addresses hear of every outcome', async () => {
    const hook = await create([...FIRED_TYPES]);
    const outcomes = {
      delivered: ['email.sent', 'email.delivered'],
      bounced: ['email.sent', 'email.bounced'],
      complained: ['email.sent', 'email.delivered', 'email.complained'],
      suppressed: ['email.suppressed'],
    };
    for (const [name, types] of Object.entries(outcomes)) {
      const from = 'Acme <onboarding@resend.dev>';
      const { id } = data(await resend.emails.send({ ...MAIL, from, to: `${name}@resend.dev` }));
      for (const type of types) verify(await receiver.told(type, id), hook.signing_secret);
    }
    data(await resend.webhooks.remove(hook.id));
  });

  test('a sample of every type verifies, fits its printed schema, and says that it is a test', async () => {
    const hook = await create(['email.sent']);
    for (const type of FIRED_TYPES) {
      const [call] = await receiver.received(await sample(hook.id, type));
      if (call === undefined) throw new Error('No call');
      verify(call, hook.signing_secret);
      const told = JSON.parse(call.body);
      expect(PAYLOADS[type].parse(told)).toEqual(told);
      expect(told).toMatchObject({ type, data: { test: true } });
    }
    data(await resend.webhooks.remove(hook.id));
  });

  test('a replay comes with the same id and the same bytes, signed anew', async () => {
    const hook = await create(['email.sent']);
    const eventId = await sample(hook.id, 'email.sent');
    await receiver.received(eventId);
    await expect.poll(() => status(hook.id, eventId)).toBe('success');
    const replayed = data(await resend.webhooks.events.replay({ webhookId: hook.id, eventId }));
    expect(replayed).toEqual({ object: 'webhook_event', id: eventId });
    const [first, second] = await receiver.received(eventId, 2);
    expect(second?.body).toBe(first?.body);
    for (const call of [first, second]) if (call !== undefined) verify(call, hook.signing_secret);
    await expect.poll(() => attempts(hook.id, eventId)).toEqual([200, 200]);
    const listed = data(await resend.webhooks.events.list({ webhookId: hook.id, limit: 5 }));
    expect(listed.data).toMatchObject([{ id: eventId, type: 'email.sent', status: 'success' }]);
    data(await resend.webhooks.remove(hook.id));
  });

  test('after a rotation both secrets verify: the new signature stands first', async () => {
    const hook = await create(['email.sent']);
    const rotated = data(await resend.webhooks.rotateSigningSecret(hook.id));
    expect(rotated.signing_secret).not.toBe(hook.signing_secret);
    secrets.push(rotated.signing_secret);
    const [call] = await receiver.received(await sample(hook.id, 'email.bounced'));
    if (call === undefined) throw new Error('No call');
    verify(call, hook.signing_secret);
    verify(call, rotated.signing_secret);
    const signatures = call.headers['webhook-signature']?.split(' ') ?? [];
    expect(signatures).toHaveLength(2);
    const newest = { ...pick(call.headers, 'webhook'), 'webhook-signature': signatures[0] ?? '' };
    expect(() => new StandardWebhook(rotated.signing_secret).verify(call.body, newest)).not.toThrow();
    expect(() => new StandardWebhook(hook.signing_secret).verify(call.body, newest)).toThrow();
    data(await resend.webhooks.remove(hook.id));
  });

  test('what happens while a receiver is down reaches it when it is back, and every try is listed', async () => {
    const hook = await create(['email.sent']);
    await receiver.down();
    const eventId = await sample(hook.id, 'email.sent');
    await expect.poll(() => attempts(hook.id, eventId), { timeout: 10_000 }).toEqual([0]);
    const waiting = data(await resend.webhooks.events.get({ webhookId: hook.id, eventId }));
    expect(waiting.status).toBe('attempting');
    expect(Date.parse(waiting.next_attempt_at ?? '')).toBeGreaterThan(Date.now());
    await receiver.up();
    const [call] = await receiver.received(eventId);
    if (call === undefined) throw new Error('No call');
    verify(call, hook.signing_secret);
    await expect.poll(() => attempts(hook.id, eventId)).toEqual([200, 0]);
    expect(await status(hook.id, eventId)).toBe('success');
    const [, failed] = data(await resend.webhooks.events.attempts.list({ webhookId: hook.id, eventId })).data;
    expect(failed?.response).toMatch(/^[A-Z].*\.$/);
    data(await resend.webhooks.remove(hook.id));
  });

  test('a receiver that says 410 is told nothing more, and that is there to be seen', async () => {
    const hook = await create(['email.sent']);
    receiver.status = 410;
    const eventId = await sample(hook.id, 'email.sent');
    await receiver.received(eventId);
    await expect.poll(async () => data(await resend.webhooks.get(hook.id)).status).toBe('disabled');
    receiver.status = 200;
    const answer = await fetch(`${service.url}/events?type=webhook.disabled`, {
      headers: { authorization: `Bearer ${service.key}` },
    });
    expect(await answer.json()).toMatchObject({ data: [{ webhook_id: hook.id, reason: 'gone' }] });
    data(await resend.webhooks.remove(hook.id));
  });

  test('threats §8 r11: no secret is in any call or in the log, which says what became of each call', () => {
    expect(service.log()).toContain('"event":"webhook_call"');
    const written = [service.log(), JSON.stringify(receiver.calls)].join();
    expect(secrets.length).toBeGreaterThan(5);
    for (const secret of secrets) expect(written).not.toContain(secret.slice('whsec_'.length, -4));
  });
});
