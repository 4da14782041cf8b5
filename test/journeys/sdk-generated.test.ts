import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient as generate } from '@hey-api/openapi-ts';
import createFetchClient from 'openapi-fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SdkService, startForSdk } from './sdk-service.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What a generated call answers. Its exact types are compiled in `test/schemas/generated-clients.test.ts`. */
interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: the test reads what it expects to be there
  readonly data?: any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly error?: any;
  readonly response: Response;
}
type Call = (path: string, options?: object) => Promise<Answer>;
type Operation = (options: object) => Promise<Answer>;

let service: SdkService;
let folder: string;

beforeAll(async () => {
  service = await startForSdk();
  folder = mkdtempSync(join(tmpdir(), 'mailwright-hey-api-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await generate({
    input: `${service.url}/openapi.json`,
    output: { path: join(folder, 'sdk') },
    logs: { level: 'silent' },
  });
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await service.stop();
});

const MAIL = {
  from: 'hello@mine.example',
  to: ['delivered@resend.dev'],
  subject: 'Hello',
  text: 'It works.',
};
const MESSAGE = 'From: hello@mine.example\r\nTo: delivered@resend.dev\r\nSubject: Raw\r\n\r\nHi\r\n';

describe('openapi-fetch over the served document', () => {
  test('walks a mail from sending to removal', async () => {
    const api = createFetchClient({
      baseUrl: service.url,
      headers: { Authorization: `Bearer ${service.key}` },
    }) as unknown as Readonly<Record<'GET' | 'POST' | 'PATCH' | 'DELETE', Call>>;
    const at = (id: string) => ({ params: { path: { id } } });
    const sent = await api.POST('/emails', {
      params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
      body: { ...MAIL, scheduled_at: 'in 1 hour' },
    });
    expect(sent.error).toBeUndefined();
    const { id } = sent.data;
    expect(
      (await api.PATCH('/emails/{id}', { ...at(id), body: { scheduled_at: 'in 2 hours' } })).data.id,
    ).toBe(id);
    expect((await api.POST('/emails/{id}/cancel', at(id))).data).toEqual({ object: 'email', id });
    expect((await api.GET('/emails/{id}', at(id))).data.last_event).toBe('canceled');
    expect((await api.GET('/emails/{id}/events', at(id))).data.object).toBe('list');
    const raw = await api.GET('/emails/{id}/raw', { ...at(id), parseAs: 'text' });
    expect(raw.data).toContain('\r\nSubject: Hello\r\n');
    expect((await api.GET('/emails', { params: { query: { limit: 1 } } })).data.data).toHaveLength(1);
    const dry = await api.POST('/emails', { body: { ...MAIL, dry_run: true } });
    expect(dry.data.object).toBe('dry_run');
    const rawSend = await api.POST('/emails/raw', { body: { raw: btoa(MESSAGE) } });
    expect(rawSend.data.id).toMatch(/^[0-9a-f-]{36}$/);
    const batch = await api.POST('/emails/batch', { body: [MAIL, MAIL] });
    expect(batch.data.data).toHaveLength(2);
    const route = await api.POST('/routes', {
      body: { match: { recipient: 'b@mine.example' }, actions: [{ type: 'store' }] },
    });
    expect((await api.GET('/routes/{id}', at(route.data.id))).data.match).toEqual({
      recipient: 'b@mine.example',
    });
    const handedIn = await api.POST('/inbound/mime', {
      params: { query: { from: 'a@people.example', to: ['a@mine.example', 'b@mine.example'] } },
      body: MESSAGE,
      bodySerializer: (body: string) => body,
      headers: { 'Content-Type': 'message/rfc822' },
    });
    const received = await api.GET('/emails/receiving/{id}', at(handedIn.data.id));
    expect(received.data.received_for).toEqual(['a@mine.example', 'b@mine.example']);
    const found = await api.GET('/emails/receiving', { params: { query: { from: '@mine.example' } } });
    expect(found.data.data).toMatchObject([{ id: handedIn.data.id }]);
    expect((await api.DELETE('/emails/{id}', at(id))).data.deleted).toBe(true);
    const gone = await api.GET('/emails/{id}', at(id));
    expect([gone.response.status, gone.error.name]).toEqual([404, 'not_found']);
    expect((await api.GET('/health')).data).toMatchObject({ status: 'ok', relays: [{ state: 'open' }] });
  });
});

describe('the SDK that @hey-api/openapi-ts makes of the served document', () => {
  test('walks keys, suppressions, domains and mails', async () => {
    const sdk: Readonly<Record<string, Operation>> = await import(join(folder, 'sdk/sdk.gen.ts'));
    const { createClient } = await import(join(folder, 'sdk/client/index.ts'));
    const client = createClient({ baseUrl: service.url, auth: service.key });
    const call = async (name: string, options: object = {}) => {
      const { data, error } = (await sdk[name]?.({ client, ...options })) ?? {};
      expect(error, name).toBeUndefined();
      return data;
    };
    const { id } = await call('sendEmail', { body: MAIL, headers: { 'Idempotency-Key': 'hey-api' } });
    expect(await call('sendEmail', { body: MAIL, headers: { 'Idempotency-Key': 'hey-api' } })).toEqual({
      id,
    });
    const path = { id };
    await expect
      .poll(async () => (await call('getEmail', { path })).last_event, { timeout: 10_000 })
      .toBe('delivered');
    expect((await call('listEmailEvents', { path, query: { limit: 5 } })).data.length).toBeGreaterThan(1);
    // Its client takes what is neither text nor application/* for JSON, unless it is told otherwise.
    expect(await call('getEmailRaw', { path, parseAs: 'text' })).toContain('\r\nSubject: Hello\r\n');
    const key = await call('createApiKey', { body: { name: 'Shop' } });
    expect(key.token).toMatch(/^mw_default_/);
    await call('updateApiKey', { path: { id: key.id }, body: { name: 'Store' } });
    expect((await call('listApiKeys')).data).toMatchObject([{ name: 'Store' }]);
    await call('deleteApiKey', { path: { id: key.id } });
    const entry = await call('createSuppression', { body: { email: 'a+b@c.example' } });
    expect(await call('getSuppression', { path: { id: 'a+b@c.example' } })).toMatchObject({ id: entry.id });
    await call('deleteSuppression', { path: { id: entry.id } });
    expect((await call('listDomains')).data).toMatchObject([{ name: 'mine.example' }]);
    const { url } = await call('createInboundUrl', { body: { to: 'a@mine.example' } });
    const handedIn = await fetch(url, { method: 'POST', body: MESSAGE });
    const { id: receivedId } = (await handedIn.json()) as { readonly id: string };
    const received = await call('getReceivedEmail', {
      path: { id: receivedId },
      query: { html_format: 'cid' },
    });
    expect(received).toMatchObject({ html_format: 'cid', received_for: ['a@mine.example'] });
    const refused = await sdk['retryEmail']?.({ client, path });
    expect(refused?.error).toMatchObject({ statusCode: 422 });
  });
});
