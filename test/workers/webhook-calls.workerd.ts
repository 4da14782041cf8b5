import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { expect, inject, test } from 'vitest';
import { workerSealer } from '../../src/platform/workers/outward.ts';
import { settingsOf } from '../../src/platform/workers/settings.ts';
import { mintSecret } from '../../src/secrets/signature.ts';
import { call, send } from './inside/api.ts';
import { accept, mail, newRoom, type TestRoom } from './inside/rooms.ts';
import { untilState } from './inside/wait.ts';
import { look } from './support/web-window.ts';

const HOUR_MS = 3_600_000;
const FIRST_WAIT_MS = 5_000;
const PAGE = { limit: 10, after: null, before: null };

interface Seen {
  readonly count: number;
  readonly last: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
}

/** A place of its own at the web server: `act` is what it does with whoever comes. */
function place(act: string): { readonly path: string; readonly endpoint: string } {
  const path = `/${act}?hook=${crypto.randomUUID()}`;
  return { path, endpoint: `http://127.0.0.1:${inject('web').port}${path}` };
}

const seenAt = (path: string): Promise<Seen> => look<Seen>(`/seen?path=${encodeURIComponent(path)}`);

/** A webhook of a room that no other test knows. */
async function hookOf({ room }: TestRoom, endpoint: string): Promise<string> {
  const id = crypto.randomUUID();
  const secret = mintSecret((length) => crypto.getRandomValues(new Uint8Array(length)));
  const sealedSecret = await workerSealer(settingsOf(env)).seal(secret, id);
  await room.createWebhook({
    webhook: { id, endpoint, types: ['email.sent'], sealedSecret },
    now: Date.now(),
  });
  return id;
}

async function attemptsOf({ room }: TestRoom, webhookId: string): Promise<readonly number[]> {
  const events = await room.webhookEvents({ webhookId, page: PAGE });
  const eventId = events.ok ? events.value.items[0]?.id : undefined;
  if (eventId === undefined) return [];
  const attempts = await room.webhookAttempts({ webhookId, eventId, page: PAGE });
  return attempts.ok ? attempts.value.items.map(({ statusCode }) => statusCode) : [];
}

/** Asks again whenever the object has done something. */
async function untilTried(one: TestRoom, webhookId: string, wanted: readonly number[]): Promise<void> {
  while ((await attemptsOf(one, webhookId)).join() !== wanted.join()) {
    await runInDurableObject(one.stub, () => scheduler.wait(5));
  }
}

test('what became of a mail reaches its webhook, signed so that a published verifier takes it', async () => {
  const { path, endpoint } = place('status/200');
  const made = await call('POST', '/webhooks', { endpoint, events: ['email.sent'] });
  const secret = String(made.body['signing_secret']);
  const id = await send('told@there.example', { tags: [{ name: 'kind', value: 'order' }] });
  const { last } = await seenAt(path);
  const told = new Webhook(secret).verify(last.body, { ...last.headers });
  expect(told).toMatchObject({
    type: 'email.sent',
    data: { email_id: id, recipient: 'told@there.example', tags: { kind: 'order' }, smtp: { code: 250 } },
  });
  expect(() => new Webhook(secret).verify(`${last.body} `, { ...last.headers })).toThrow();
  expect(last.headers['svix-signature']).toBe(last.headers['webhook-signature']);
  await call('DELETE', `/webhooks/${made.body['id']}`);
});

test('the alarm does not wait for a receiver that hangs, and neither does the mail nor any other webhook', async () => {
  const one = newRoom();
  const [silent, well] = [place('silent'), place('status/204')];
  const hanging = await hookOf(one, silent.endpoint);
  await hookOf(one, well.endpoint);
  for (const to of ['one@there.example', 'two@there.example', 'three@there.example']) {
    const email = mail(to, { scheduledAt: Date.now() });
    await accept(one.room, email);
    await untilState(one.account, email.id, 'sent');
  }
  await seenAt(silent.path);
  await runDurableObjectAlarm(one.stub);
  await seenAt(well.path);
  while ((await look<Seen>(`/requests?path=${encodeURIComponent(well.path)}`)).count < 3) {
    await runInDurableObject(one.stub, () => scheduler.wait(5));
  }
  // Two at once and no more: the third waits for the end of one of them.
  expect((await look<Seen>(`/requests?path=${encodeURIComponent(silent.path)}`)).count).toBe(2);
  expect(await attemptsOf(one, hanging)).toEqual([]);
});

test('a call that failed is made again when its time has come, by the alarm alone', async () => {
  const one = newRoom();
  const { path, endpoint } = place('status/503');
  const hook = await hookOf(one, endpoint);
  const email = mail('again@there.example', { scheduledAt: Date.now() });
  await accept(one.room, email);
  await untilTried(one, hook, [503]);
  const due = (await one.room.nextDeliveryDue({ now: Date.now() })) ?? 0;
  expect(due).toBeGreaterThan(Date.now() + FIRST_WAIT_MS / 2);
  const alarm = await runInDurableObject(one.stub, (_object, { storage }) => storage.getAlarm());
  expect(alarm).toBeLessThanOrEqual(due);
  const { last } = await seenAt(path);
  await runInDurableObject(one.stub, (object) => {
    object.clock = () => due + 1;
  });
  await runDurableObjectAlarm(one.stub);
  await untilTried(one, hook, [503, 503]);
  const again = await seenAt(path);
  expect(again.count).toBe(2);
  expect(again.last.body).toBe(last.body);
  expect(again.last.headers['webhook-id']).toBe(last.headers['webhook-id']);
});

test('a call that nobody makes any more is made when the room begins again, not when its lease ends', async () => {
  const one = newRoom();
  const { path, endpoint } = place('status/200');
  const hook = await hookOf(one, endpoint);
  await one.room.testWebhook({ id: hook, type: 'email.sent', now: Date.now() + HOUR_MS });
  const lost = { now: Date.now() + HOUR_MS, limit: 1, leaseMs: HOUR_MS };
  expect((await one.room.claimDeliveries(lost)).claims).toHaveLength(1);
  await evictDurableObject(one.stub);
  await runInDurableObject(one.stub, (object) => {
    object.clock = () => Date.now() + HOUR_MS + 1;
  });
  await runDurableObjectAlarm(one.stub);
  await seenAt(path);
  await untilTried(one, hook, [200]);
});

test('threats §5 r4: what a webhook leads to is judged again at the call', async () => {
  const one = newRoom();
  const hook = await hookOf(one, 'http://10.0.0.1/');
  await one.room.testWebhook({ id: hook, type: 'email.sent', now: Date.now() });
  await untilTried(one, hook, [0]);
});
