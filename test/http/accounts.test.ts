import { describe, expect, test } from 'vitest';
import { arrive, MESSAGE } from './arrived.ts';
import { type House, house, mail, OPERATOR_KEY } from './house.ts';

async function twoAccounts() {
  const it = house({ rateLimit: 0 });
  const alpha = await it.newKey({ account: 'alpha' });
  const beta = await it.newKey({ account: 'beta' });
  return { it, alpha, beta };
}

describe("threats §9 r6: one account with another's ids", () => {
  test('gets the answer of an id that never was', async () => {
    const { it, alpha, beta } = await twoAccounts();
    const { body: sent } = await it.call('POST', '/emails', {
      key: alpha,
      body: mail({ scheduled_at: 'in 1 hour' }),
    });
    const { body: listed } = await it.call('POST', '/suppressions', {
      key: alpha,
      body: { email: 'a@b.example' },
    });
    const { body: hook } = await it.call('POST', '/webhooks', {
      key: alpha,
      body: { endpoint: 'https://receiver.example/', events: ['suppression.added'] },
    });
    const { body: sample } = await it.call('POST', `/webhooks/${hook.id}/test`, { key: alpha });
    const [{ id: eventId }] = (await it.call('GET', '/events', { key: alpha })).body.data;
    const [{ id: keyId }] = (await it.call('GET', '/api-keys', { key: alpha })).body.data;
    const received = await arrive(it, MESSAGE, { key: alpha });
    const { body: route } = await it.call('POST', '/routes', {
      key: alpha,
      body: { match: { domain: 'mine.example' }, actions: [{ type: 'store' }] },
    });
    const asks: readonly (readonly [
      method: string,
      path: (id: string) => string,
      id: string,
      body?: object,
    ])[] = [
      ['GET', (id) => `/emails/${id}`, sent.id],
      ['GET', (id) => `/emails/${id}/events`, sent.id],
      ['GET', (id) => `/emails/${id}/raw`, sent.id],
      ['PATCH', (id) => `/emails/${id}`, sent.id, { scheduled_at: 'in 2 hours' }],
      ['POST', (id) => `/emails/${id}/cancel`, sent.id],
      ['POST', (id) => `/emails/${id}/retry`, sent.id],
      ['DELETE', (id) => `/emails/${id}`, sent.id],
      ['GET', (id) => `/emails?after=${id}`, sent.id],
      ['GET', (id) => `/emails?before=${id}`, sent.id],
      ['GET', (id) => `/suppressions/${id}`, listed.id],
      ['DELETE', (id) => `/suppressions/${id}`, listed.id],
      ['GET', (id) => `/suppressions?after=${id}`, listed.id],
      ['GET', (id) => `/webhooks/${id}`, hook.id],
      ['PATCH', (id) => `/webhooks/${id}`, hook.id, { status: 'disabled' }],
      ['DELETE', (id) => `/webhooks/${id}`, hook.id],
      ['POST', (id) => `/webhooks/${id}/test`, hook.id],
      ['POST', (id) => `/webhooks/${id}/signing-secret/rotate`, hook.id],
      ['GET', (id) => `/webhooks/${id}/events`, hook.id],
      ['GET', (id) => `/webhooks/${id}/events/${sample.id}`, hook.id],
      ['POST', (id) => `/webhooks/${id}/events/${sample.id}/replay`, hook.id],
      ['GET', (id) => `/webhooks/${id}/events/${sample.id}/attempts`, hook.id],
      ['GET', (id) => `/webhooks?after=${id}`, hook.id],
      ['GET', (id) => `/events?after=${id}`, eventId],
      ['PATCH', (id) => `/api-keys/${id}`, keyId, { name: 'mine now' }],
      ['DELETE', (id) => `/api-keys/${id}`, keyId],
      ['GET', (id) => `/api-keys?after=${id}`, keyId],
      ['GET', (id) => `/emails/receiving/${id}`, received],
      ['GET', (id) => `/emails/receiving/${id}/attachments`, received],
      ['DELETE', (id) => `/emails/receiving/${id}`, received],
      ['GET', (id) => `/emails/receiving?before=${id}`, received],
      ['GET', (id) => `/emails/${id}`, received],
      ['GET', (id) => `/emails/receiving/${id}`, sent.id],
      ['GET', (id) => `/routes/${id}`, route.id],
      ['PATCH', (id) => `/routes/${id}`, route.id, { enabled: false }],
      ['DELETE', (id) => `/routes/${id}`, route.id],
      ['GET', (id) => `/routes?after=${id}`, route.id],
    ];
    for (const [method, path, id, body] of asks) {
      const options = { key: beta, ...(body && { body }) };
      const theirs = await it.call(method, path(id), options);
      const nobodys = await it.call(method, path(crypto.randomUUID()), options);
      expect([theirs.status, theirs.body], `${method} ${path('…')}`).toEqual([nobodys.status, nobodys.body]);
      expect(theirs.status).toBeGreaterThanOrEqual(404);
    }
    const removed = await it.call('POST', '/suppressions/batch/remove', {
      key: beta,
      body: { ids: [listed.id] },
    });
    expect(removed.body).toEqual({ data: [] });
    expect((await it.call('GET', '/suppressions/a@b.example', { key: beta })).status).toBe(404);
    expect((await it.call('GET', `/emails/${sent.id}`, { key: alpha })).body.last_event).toBe('scheduled');
    expect((await it.call('GET', '/api-keys', { key: alpha })).body.data).toHaveLength(1);
    expect((await it.call('GET', `/webhooks/${hook.id}`, { key: alpha })).body.status).toBe('enabled');
    expect((await it.call('GET', `/events?email_id=${sent.id}`, { key: beta })).body.data).toEqual([]);
  });

  test('a suppression, a mail and an object of one are none of the other', async () => {
    const { it, alpha, beta } = await twoAccounts();
    await it.call('POST', '/suppressions', { key: alpha, body: { email: 'ada@people.example' } });
    const large = mail({ text: 'x'.repeat(300_000) });
    for (const key of [alpha, beta]) await it.call('POST', '/emails', { key, body: large });
    const lists = await Promise.all([alpha, beta].map((key) => it.call('GET', '/emails', { key })));
    expect(lists.map(({ body }) => body.data[0].last_event)).toEqual(['suppressed', 'queued']);
    // threats §12 r2: the same bytes are two objects, so that neither learns what the other has.
    expect(
      it.store
        .keys()
        .map((key) => key.split('/')[1])
        .toSorted(),
    ).toEqual(['alpha', 'beta']);
  });
});

test('threats §9 r11: ids cannot be guessed from one another: 72 random bits and more', async () => {
  const it = house({ rateLimit: 0 });
  const ids = await Promise.all(
    Array.from(
      { length: 200 },
      async () => (await it.call('POST', '/emails', { body: mail() })).body.id as string,
    ),
  );
  // Version 7: 48 bits of time, 4 of version, 2 of variant; the other 74 are drawn.
  const random = ids.map((id) => {
    const bits = BigInt(`0x${id.replaceAll('-', '')}`);
    return ((bits >> 64n) & 0xfffn) * 2n ** 62n + (bits & (2n ** 62n - 1n));
  });
  expect(new Set(random).size).toBe(200);
  for (let bit = 0n; bit < 74n; bit += 1n) {
    const ones = random.filter((value) => ((value >> bit) & 1n) === 1n).length;
    expect(ones).toBeGreaterThan(50);
    expect(ones).toBeLessThan(150);
  }
});

/** Every row of every table, every object and every line of the log. */
async function everythingKept(it: House): Promise<string> {
  const tables = it.sql().exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
  const rows = tables.map(({ name }) => it.sql().exec(`SELECT * FROM "${name}"`));
  const objects = await Promise.all(it.store.keys().map(async (key) => key + (await textOf(it, key))));
  return JSON.stringify([rows, objects, it.log]);
}

async function textOf(it: House, key: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await it.store.get(key))?.body ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('threats §9 r12: a key is found nowhere but with its owner', () => {
  test('not in the database, the objects, the log or any answer', async () => {
    const it = house();
    const { body: made } = await it.call('POST', '/api-keys', { body: { name: 'canary' } });
    const canary: string = made.token;
    const answers: string[] = [];
    const ask = async (method: string, path: string, options: object = {}) => {
      answers.push(JSON.stringify((await it.call(method, path, { key: canary, ...options })).body));
    };
    await ask('POST', '/emails', { body: mail() });
    await ask('POST', '/emails', { body: mail({ to: 'x' }) });
    await ask('POST', '/emails', { body: mail({ text: 'x'.repeat(300_000) }) });
    await ask('GET', '/emails');
    await ask('GET', '/api-keys');
    await ask('GET', '/health');
    await ask('GET', '/nothing');
    await ask('POST', '/emails', { key: `${canary}x`, body: mail() });
    expect(answers.join()).not.toContain(canary);
    const kept = await everythingKept(it);
    expect(kept).toContain('x'.repeat(300_000));
    expect(kept).not.toContain(canary);
    // Nor its secret part alone.
    expect(kept).not.toContain(canary.slice(-30, -6));
  });

  test('a refusal repeats no text that came in a field', async () => {
    const it = house();
    const canary = 'canary-7c2f';
    const fields = [
      { to: canary },
      { from: canary },
      { cc: [canary] },
      { subject: `${canary}\n` },
      { headers: { 'X-A': `${canary}\n` } },
      { headers: { From: canary } },
      { tags: [{ name: `${canary} `, value: 'x' }] },
      { scheduled_at: canary },
      { html: { canary } },
      { attachments: [{ content: canary }] },
      { template: { id: canary }, html: undefined },
      { tls: canary },
    ];
    for (const over of fields) {
      const { status, body } = await it.call('POST', '/emails', { body: mail(over) });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(body)).not.toContain(canary);
    }
  });
});

test('threats §13 r1: subject, body, recipient and key never reach the log, also when everything breaks', async () => {
  const it = house();
  const canaries = { subject: 'canary-subject', text: 'canary-text', to: 'canary-to@people.example' };
  const broken = house({}, { prepare: () => Promise.reject(new Error('broken')) });
  const key = await broken.newKey();
  const { body } = await broken.call('POST', '/emails', { key, body: mail(canaries) });
  await broken.call('GET', `/emails/${body.id}/raw`, { key });
  expect(broken.log).toHaveLength(1);
  it.store.isDown = true;
  await it.call('POST', '/emails', { body: mail({ ...canaries, html: 'x'.repeat(300_000) }) });
  const lines = JSON.stringify([broken.log, it.log]);
  for (const canary of ['canary', key, OPERATOR_KEY]) expect(lines).not.toContain(canary);
});

describe('threats §10 r1: at the limit', () => {
  test('fifty at once of a limit of ten: ten are answered, the others are told when to come back', async () => {
    const it = house({ rateLimit: 10 });
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => it.call('POST', '/emails', { body: mail() })),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(10);
    for (const { status, headers, body } of replies.filter((reply) => reply.status !== 200)) {
      expect([status, body.name]).toEqual([429, 'rate_limit_exceeded']);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(headers.get('ratelimit-remaining')).toBe('0');
    }
    expect((await twoSecondsLater(it)).status).toBe(200);
  });

  async function twoSecondsLater(it: House) {
    it.now += 2000;
    return await it.call('GET', '/emails');
  }

  test('what is left counts down', async () => {
    const it = house({ rateLimit: 3 });
    const remaining = async () => (await it.call('GET', '/emails')).headers.get('ratelimit-remaining');
    expect([await remaining(), await remaining(), await remaining()]).toEqual(['2', '1', '0']);
    const { headers } = await it.call('GET', '/emails');
    expect(headers.get('ratelimit-limit')).toBe('3');
    expect(headers.get('ratelimit-policy')).toBe('3;w=1');
    expect(headers.get('ratelimit-reset')).toBe('1');
  });

  test('a big request counts once, and shows the same headers', async () => {
    const it = house({ rateLimit: 3 });
    const { headers } = await it.call('POST', '/emails', { body: mail({ text: 'x'.repeat(300_000) }) });
    expect(headers.get('ratelimit-remaining')).toBe('2');
  });
});

describe('threats §10 r2: one limit per account', () => {
  test('however many keys it has, and another account has its own', async () => {
    const it = house({ rateLimit: 4 });
    const keys = await Promise.all([1, 2, 3, 4, 5].map(() => it.newKey()));
    const statuses: number[] = [];
    for (const key of keys) statuses.push((await it.call('GET', '/emails', { key })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    const other = await it.newKey({ account: 'other' });
    expect((await it.call('GET', '/emails', { key: other })).status).toBe(200);
  });

  test('who only guesses keys uses up nothing of it, and is counted by address before he is looked at', async () => {
    let failures = 0;
    const guesses = {
      check: () => (failures >= 5 ? 60 : null),
      failed: () => {
        failures += 1;
      },
    };
    const it = house({ rateLimit: 2 }, { guesses });
    const stranger = await house().newKey();
    for (const key of ['x', stranger, 'y', stranger, 'z']) {
      expect((await it.call('GET', '/emails', { key })).status).toBe(403);
    }
    it.verbs.length = 0;
    const { status, headers, body } = await it.call('GET', '/emails', { key: stranger });
    expect([status, body.name]).toEqual([429, 'rate_limit_exceeded']);
    expect(headers.get('retry-after')).toBe('60');
    expect(it.verbs).toEqual([]);
    expect((await it.call('GET', '/health', { key: null })).status).toBe(200);
  });
});

test('threats §10 r3: a clock that jumps opens no second window', async () => {
  const it = house({ rateLimit: 2 });
  const status = async () => (await it.call('GET', '/emails')).status;
  expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
  it.now -= 5000;
  expect(await status()).toBe(429);
});

test('threats §10 r4: a limiter that fails lets nobody through', async () => {
  const broken = () => Promise.reject(new Error('the room is gone'));
  const it = house();
  const far = await it.parts.account('default');
  const without = house({}, { account: async () => far && { ...far, admit: broken, accept: broken } });
  for (const body of [mail(), mail({ text: 'x'.repeat(300_000) })]) {
    expect((await without.call('POST', '/emails', { body })).status).toBe(500);
  }
  expect((await without.call('GET', '/emails')).status).toBe(500);
  expect(it.sql().exec('SELECT count(*) AS n FROM emails')).toEqual([{ n: 0 }]);
  expect(without.woken).toEqual([]);
  expect(without.store.keys()).toEqual([]);
});

test('threats §12 r6: no route reaches objects or lists them by a prefix', async () => {
  const it = house();
  const beta = await it.newKey({ account: 'beta' });
  await it.call('POST', '/emails', { key: beta, body: mail({ text: 'x'.repeat(300_000) }) });
  const [key = ''] = it.store.keys();
  for (const path of [`/${key}`, `/objects/${key}`, '/objects', '/t/beta', `/emails/${key}`, '/t%2fbeta']) {
    expect((await it.call('GET', path)).status).toBe(404);
  }
  for (const query of ['prefix=t/beta/', 'account=beta', 'key=t/beta']) {
    expect((await it.call('GET', `/emails?${query}`)).body.data).toEqual([]);
  }
});

test('threats §10 r5: without a key, or with a revoked one, nothing is sent', async () => {
  const it = house();
  const key = await it.newKey();
  const [{ id }] = (await it.call('GET', '/api-keys')).body.data;
  await it.call('DELETE', `/api-keys/${id}`);
  for (const wrong of [null, key, 'x']) {
    for (const path of ['/emails', '/emails/batch', '/emails/raw']) {
      const { status } = await it.call('POST', path, {
        key: wrong,
        body: mail({ text: 'x'.repeat(300_000) }),
      });
      expect([401, 403]).toContain(status);
    }
  }
  expect((await it.call('GET', '/emails')).body.data).toEqual([]);
  expect(it.store.keys()).toHaveLength(0);
  expect(it.woken).toEqual([]);
});
