import { env } from 'cloudflare:workers';
import { beforeAll, expect, inject, test } from 'vitest';
import { OPERATIONS } from '../../schemas/operations.ts';
import { mintKey } from '../../src/mailroom/key-format.ts';
import { workerApi } from '../../src/platform/workers/api.ts';
import { settingsOf } from '../../src/platform/workers/settings.ts';
import { call, send } from './inside/api.ts';

const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size));

/** A well-formed key of an account that is not configured. */
function strangeKey(): string {
  return mintKey({ prefix: 'mw_', account: 'unheard-of', random }).token;
}

/** The Worker with an eye on which objects it asks, and how often. */
function watchedApi() {
  const asked: string[] = [];
  const MAILROOM = {
    getByName: (name: string) => {
      const stub = env.MAILROOM.getByName(name);
      return {
        ask: (verb: never, argument: never) => {
          asked.push(name);
          return stub.ask(verb, argument);
        },
      };
    },
  };
  const api = workerApi({
    env: { ...env, MAILROOM: MAILROOM as unknown as typeof env.MAILROOM },
    settings: settingsOf(env),
  });
  return { api, asked };
}

const EXAMPLES: Readonly<Record<string, unknown>> = {
  sendEmail: { from: 'me@mine.example', to: 'ann@there.example', subject: 'x', text: 'x' },
  sendBatch: [{ from: 'me@mine.example', to: 'ann@there.example', subject: 'x', text: 'x' }],
  updateEmail: { scheduled_at: 'in 1 hour' },
  createApiKey: { name: 'one more' },
  updateApiKey: { name: 'renamed' },
  createSuppression: { email: 'somebody@there.example' },
  createRoute: { match: { domain: 'mine.example' }, actions: [{ type: 'store' }] },
  updateRoute: { enabled: false },
};

const keyed = Object.entries(OPERATIONS).filter(([, { scope }]) => scope !== 'none');
let theirs: { readonly email: string; readonly token: string };

beforeAll(async () => {
  theirs = {
    email: await send('theirs@there.example', { scheduled_at: 'in 1 hour' }),
    token: inject('otherKey'),
  };
});

function requestOf(
  id: string,
  operation: { readonly method: string; readonly path: string },
  token: string,
): Request {
  const path = operation.path
    .replace('{event_id}', `msg_${theirs.email.replaceAll('-', '')}`)
    .replaceAll(/\{\w+\}/g, theirs.email);
  const body = EXAMPLES[id] ?? {};
  return new Request(`https://mail.test${path}`, {
    method: operation.method.toUpperCase(),
    headers: { authorization: `Bearer ${token}` },
    ...(operation.method === 'get' || operation.method === 'delete' ? {} : { body: JSON.stringify(body) }),
  });
}

test.each(keyed)('a key of one account asks its own room only, at most twice: %s', async (id, operation) => {
  const { api, asked } = watchedApi();
  const response = await api(requestOf(id, operation, theirs.token));
  expect(response.status).not.toBe(500);
  expect(new Set(asked)).toEqual(new Set(['other']));
  expect(asked.length).toBeLessThanOrEqual(2);
  if (operation.path.includes('{')) expect(response.status).toBe(404);
});

test.each(keyed)(
  'a key of an account that is not configured makes no object, and learns nothing: %s',
  async (id, operation) => {
    const { api, asked } = watchedApi();
    const response = await api(requestOf(id, operation, strangeKey()));
    expect(response.status).toBe(403);
    expect(new Set(asked)).toEqual(new Set(['default']));
  },
);

test("another account's mail is untouched by all of it", async () => {
  const { status, body } = await call('GET', `/emails/${theirs.email}`);
  expect([status, body['last_event']]).toEqual([200, 'scheduled']);
});

test("the operator's key opens the account `default` and no other", async () => {
  const { api, asked } = watchedApi();
  const request = new Request('https://mail.test/emails', {
    headers: { authorization: 'Bearer operator-key-for-tests-0001' },
  });
  expect((await api(request)).status).toBe(200);
  expect(new Set(asked)).toEqual(new Set(['default']));
});
