import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@hey-api/openapi-ts';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENT = join(ROOT, 'openapi.yaml');

/** Generating takes half a second and compiling a few; two shared cores may take long over it. */
const DEADLINE_MS = 60_000;

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2024',
    lib: ['ES2024', 'DOM', 'DOM.Iterable'],
    types: [],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
};

/** A program as a user would write it. Lines under `@ts-expect-error` must not compile, or the types say too little. */
const FETCH_PROGRAM = `
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

const api = createClient<paths>({ baseUrl: 'http://127.0.0.1:3025', headers: { Authorization: 'Bearer mw_key' } });

export async function journey(): Promise<string> {
  const sent = await api.POST('/emails', {
    params: { header: { 'Idempotency-Key': 'order-1' } },
    body: { from: 'a@example.com', to: ['b@example.net'], subject: 'Hello', text: 'Hello.', headers: { 'X-A': '1' } },
  });
  if (sent.error) return sent.error.name satisfies components['schemas']['ErrorName'];
  const id: string = sent.data.id;
  if ('mime' in sent.data) return sent.data.envelope.to.join(' ');

  const batch = await api.POST('/emails/batch', {
    params: { header: { 'x-batch-validation': 'permissive' } },
    body: [{ from: 'a@example.com', to: 'b@example.net', subject: 'Hello', html: '<p>Hello.</p>' }],
  });
  const refused: number[] = batch.data?.errors?.map((error) => error.index) ?? [];

  const mail = await api.GET('/emails/{id}', { params: { path: { id } } });
  const reply = mail.data?.recipients[0]?.smtp?.enhanced_code;
  const listed = await api.GET('/emails', { params: { query: { limit: 10, after: id } } });
  const hasMore: boolean | undefined = listed.data?.has_more;
  await api.PATCH('/emails/{id}', { params: { path: { id } }, body: { scheduled_at: 'in 1 hour' } });
  await api.POST('/emails/{id}/cancel', { params: { path: { id } } });
  await api.DELETE('/emails/{id}', { params: { path: { id } } });
  const raw = await api.GET('/emails/{id}/raw', { params: { path: { id } }, parseAs: 'arrayBuffer' });
  const bytes: ArrayBuffer | undefined = raw.data;

  const key = await api.POST('/api-keys', { body: { name: 'Shop', permission: 'sending_access' } });
  const token: string | undefined = key.data?.token;
  await api.POST('/suppressions', { body: { email: 'b@example.net', note: 'Asked.' } });
  await api.POST('/suppressions/batch/remove', { body: { emails: ['b@example.net'] } });
  const health = await api.GET('/health');
  const state = health.data?.relays?.[0]?.state satisfies 'open' | 'paused' | 'broken' | 'held' | undefined;

  const hook = await api.POST('/webhooks', {
    body: { endpoint: 'https://example.com/hook', events: ['email.bounced'] },
  });
  const secret: string | undefined = hook.data?.signing_secret;
  const happened = await api.GET('/events', { params: { query: { type: 'email.bounced', tag: 'kind:order' } } });
  const about: string | null | undefined = happened.data?.data[0]?.recipient;
  const posted = {} as components['schemas']['WebhookPayload'];
  if (posted.type === 'email.bounced') return posted.data.bounce.subType satisfies string;
  if (posted.type === 'suppression.added') return posted.data.email;

  // @ts-expect-error a mail needs a subject
  await api.POST('/emails', { body: { from: 'a@example.com', to: 'b@example.net', text: 'Hello.' } });
  // @ts-expect-error there is no such permission
  await api.POST('/api-keys', { body: { name: 'Shop', permission: 'everything' } });
  // @ts-expect-error nothing of this name happens
  await api.POST('/webhooks', { body: { endpoint: 'https://example.com/hook', events: ['email.lost'] } });
  // @ts-expect-error there is no such path
  await api.GET('/mails');
  return [refused, reply, hasMore, bytes, token, state, secret, about].join();
}
`;

const SDK_PROGRAM = `
import { createClient } from './sdk/client/index.js';
import * as sdk from './sdk/index.js';

const client = createClient({ baseUrl: 'http://127.0.0.1:3025', auth: 'mw_key' });

export async function journey(): Promise<string> {
  const sent = await sdk.sendEmail({
    client,
    headers: { 'Idempotency-Key': 'order-1' },
    body: { from: 'a@example.com', to: 'b@example.net', subject: 'Hello', text: 'Hello.', tags: [{ name: 'a', value: 'b' }] },
  });
  if (sent.error) return sent.error.name satisfies sdk.ErrorName;
  const id: string = sent.data.id;
  const { data: mail } = await sdk.getEmail({ client, path: { id }, throwOnError: true });
  const last: sdk.LastEvent = mail.last_event;
  const { data: events } = await sdk.listEmailEvents({ client, path: { id }, query: { limit: 5 }, throwOnError: true });
  const phases: (sdk.Phase | null)[] = events.data.map((event) => event.phase);
  const { data: raw } = await sdk.getEmailRaw({ client, path: { id }, throwOnError: true });
  const size: number = raw.size;
  await sdk.sendRaw({ client, body: { raw: 'RnJvbTog' } });
  await sdk.addSuppressions({ client, body: { emails: ['b@example.net'], expires_at: '2026-12-31T00:00:00Z' } });
  const { data: domains } = await sdk.listDomains({ client, throwOnError: true });
  await sdk.retryEmail({ client, path: { id } });

  const { data: hook } = await sdk.createWebhook({
    client,
    body: { endpoint: 'https://example.com/hook', events: ['email.bounced'] },
    throwOnError: true,
  });
  const path = { id: hook.id, event_id: 'msg_1' };
  const { data: logged } = await sdk.getWebhookEvent({ client, path, throwOnError: true });
  if (logged.payload.type === 'email.bounced') return logged.payload.data.bounce.message;
  await sdk.testWebhook({ client, path: { id: hook.id } });

  // @ts-expect-error recipients are needed
  await sdk.sendEmail({ client, body: { from: 'a@example.com', subject: 'Hello', text: 'Hello.' } });
  // @ts-expect-error tls can only be tightened
  await sdk.sendRaw({ client, body: { raw: 'RnJvbTog', tls: 'opportunistic' } });
  return [last, phases, size, domains.data[0]?.name].join();
}
`;

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-clients-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const types = await openapiTypescript(readFileSync(DOCUMENT, 'utf8'));
  writeFileSync(join(folder, 'schema.d.ts'), astToString(types));
  await createClient({ input: DOCUMENT, output: { path: join(folder, 'sdk') }, logs: { level: 'silent' } });
}, DEADLINE_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler has to say about a program beside the generated code; nothing when all is well. */
function complaints(name: string, program: string): string {
  writeFileSync(join(folder, `${name}.ts`), program);
  const config = join(folder, `tsconfig.${name}.json`);
  writeFileSync(config, JSON.stringify({ ...TSCONFIG, files: [`${name}.ts`] }));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr, error } = spawnSync(process.execPath, [compiler, '-p', config], {
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

describe('clients generated from openapi.yaml', () => {
  test(
    'a program written with openapi-typescript and openapi-fetch compiles, and its mistakes do not',
    () => expect(complaints('with-openapi-fetch', FETCH_PROGRAM)).toBe(''),
    DEADLINE_MS,
  );

  test(
    'a program written with the SDK of @hey-api/openapi-ts compiles, and its mistakes do not',
    () => expect(complaints('with-hey-api', SDK_PROGRAM)).toBe(''),
    DEADLINE_MS,
  );

  test('every operation of the document is one function of the SDK, under its own name', () => {
    const code = readFileSync(join(folder, 'sdk/sdk.gen.ts'), 'utf8');
    const functions = [...code.matchAll(/^export const (\w+) = </gm)].map(([, name]) => name);
    // What is posted to webhooks is no operation that a client calls.
    const [paths = ''] = readFileSync(DOCUMENT, 'utf8').split('\nwebhooks:\n');
    const ids = [...paths.matchAll(/^ {6}operationId: (\w+)$/gm)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(functions.sort()).toEqual(ids.sort());
  });
});
