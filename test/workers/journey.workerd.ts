import { expect, test } from 'vitest';
import { call, send } from './inside/api.ts';
import { seenBy } from './inside/servers.ts';
import { untilState } from './inside/wait.ts';

const ACCOUNT = 'default';

test('a mail is accepted over HTTP, relayed with STARTTLS and AUTH, and everything about it can be read back', async () => {
  const id = await send('ann@there.example', { subject: 'Grüße 안녕', html: '<p>Hi</p>' });
  await untilState(ACCOUNT, id, 'sent');
  const { messages, log } = await seenBy('starttls');
  const message = messages.find(({ recipients }) => recipients.includes('ann@there.example'));
  expect(message?.sender).toBe('me@mine.example');
  expect(message?.text).toMatch(/^Subject: =\?utf-8\?/im);
  expect(log.filter(({ text }) => text.startsWith('AUTH')).every(({ encrypted }) => encrypted)).toBe(true);

  const { body } = await call('GET', `/emails/${id}`);
  expect(body).toMatchObject({ id, last_event: 'sent', to: ['ann@there.example'] });
  const events = await call('GET', `/emails/${id}/events`);
  expect(events.body['data']).toMatchObject([
    { type: 'email.sent', relay: 'first', smtp: { code: 250, tls: expect.any(String) } },
    { type: 'email.queued' },
  ]);
});

test('a scheduled mail is moved, then cancelled, and never sent', async () => {
  const id = await send('later@there.example', { scheduled_at: 'in 1 hour' });
  expect((await call('GET', `/emails/${id}`)).body['last_event']).toBe('scheduled');
  expect((await call('PATCH', `/emails/${id}`, { scheduled_at: 'in 2 hours' })).status).toBe(200);
  expect((await call('POST', `/emails/${id}/cancel`)).status).toBe(200);
  expect((await call('GET', `/emails/${id}`)).body['last_event']).toBe('canceled');
});

test('a simulated address is settled inside', async () => {
  const id = await send('bounced@resend.dev');
  await untilState(ACCOUNT, id, 'sent');
  expect((await call('GET', `/emails/${id}`)).body['last_event']).toBe('bounced');
});

test('a body over 256 KiB goes through the bucket and arrives whole', async () => {
  const text = 'A line of text that is long enough to count.\n'.repeat(8_000);
  const id = await send('large@there.example', { text });
  await untilState(ACCOUNT, id, 'sent');
  const { messages } = await seenBy('starttls');
  const message = messages.find(({ recipients }) => recipients.includes('large@there.example'));
  expect(message?.text.split('long enough').length).toBe(8_001);
});

test('the same idempotency key sends once', async () => {
  const { exports } = await import('cloudflare:workers');
  const request = () =>
    exports.default.fetch('https://mail.test/emails', {
      method: 'POST',
      headers: { authorization: 'Bearer operator-key-for-tests-0001', 'idempotency-key': 'once' },
      body: JSON.stringify({ from: 'me@mine.example', to: 'once@there.example', subject: 'x', text: 'x' }),
    });
  const answers = await Promise.all([request(), request(), request()]);
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  const accepted = new Set(answers.flatMap(({ status }, place) => (status === 200 ? [bodies[place]] : [])));
  expect(accepted.size).toBe(1);
  const [body] = accepted;
  await untilState(ACCOUNT, (JSON.parse(body ?? '{}') as { id: string }).id, 'sent');
  const { messages } = await seenBy('starttls');
  expect(messages.filter(({ recipients }) => recipients.includes('once@there.example'))).toHaveLength(1);
});

test('health tells the holder of a full-access key about each relay, and nobody else', async () => {
  const { body } = await call('GET', '/health');
  expect(body['relays']).toMatchObject([
    { name: 'first', state: 'open' },
    { name: 'second', state: 'open' },
    { name: 'stranger', state: 'open' },
  ]);
  expect((await call('GET', '/health', undefined, 'somebody-else-entirely')).body).toEqual({ status: 'ok' });
});

test('the document is served in both spellings', async () => {
  const { exports } = await import('cloudflare:workers');
  const yaml = await exports.default.fetch('https://mail.test/openapi.yaml');
  expect(await yaml.text()).toMatch(/^openapi: 3\.1/);
  expect((await call('GET', '/openapi.json')).body['openapi']).toMatch(/^3\.1/);
});
