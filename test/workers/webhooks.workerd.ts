import { expect, test } from 'vitest';
import { call, send } from './inside/api.ts';

const HOOK = { endpoint: 'http://127.0.0.1:3026/', events: ['email.sent', 'contact.created'] };

test('a webhook is made, read, changed, rotated and removed, and its secret is read back as it was handed out', async () => {
  const made = await call('POST', '/webhooks', HOOK);
  expect(made.status).toBe(201);
  const { id, signing_secret: secret } = made.body;
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect((await call('GET', `/webhooks/${id}`)).body).toMatchObject({ ...HOOK, signing_secret: secret });
  const rotated = await call('POST', `/webhooks/${id}/signing-secret/rotate`);
  expect((await call('GET', `/webhooks/${id}`)).body['signing_secret']).toBe(rotated.body['signing_secret']);
  expect((await call('PATCH', `/webhooks/${id}`, { status: 'disabled' })).status).toBe(200);
  expect((await call('GET', '/webhooks')).body['data']).toMatchObject([{ id, status: 'disabled' }]);
  expect((await call('DELETE', `/webhooks/${id}`)).body['deleted']).toBe(true);
});

test('threats §5 r2: an address where a name belongs is refused, since nothing here says where it leads', async () => {
  for (const endpoint of ['https://93.184.215.14/', 'https://10.0.0.1/', 'http://93.184.215.14/']) {
    const { status, body } = await call('POST', '/webhooks', { ...HOOK, endpoint });
    expect([status, body['field']], endpoint).toEqual([422, 'endpoint']);
  }
});

test('what is queued for a webhook is listed with its payload, and what happened in /events', async () => {
  const { body: hook } = await call('POST', '/webhooks', HOOK);
  const { body: sample } = await call('POST', `/webhooks/${hook['id']}/test`, { type: 'email.bounced' });
  const read = await call('GET', `/webhooks/${hook['id']}/events/${sample['id']}`);
  expect(read.body).toMatchObject({
    object: 'webhook_event',
    payload: { type: 'email.bounced', data: { test: true } },
  });
  const id = await send('bounced@resend.dev', { tags: [{ name: 'kind', value: 'hook' }] });
  const events = await call('GET', `/events?email_id=${id}&tag=kind:hook&recipient=BOUNCED@resend.dev`);
  expect(events.body['data']).toEqual(
    expect.arrayContaining([expect.objectContaining({ type: 'email.queued', email_id: id })]),
  );
  await call('DELETE', `/webhooks/${hook['id']}`);
});
