import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FAILED, send, settle, TAKEN } from './accepted.ts';
import { house } from './house.ts';

describe('GET /emails/{id}', () => {
  test('has every key of the contract, and what became of each recipient', async () => {
    const it = house();
    const id = await send(it, { reply_to: 'r@s.example', tags: [{ name: 'kind', value: 'order' }] });
    expect((await it.call('GET', `/emails/${id.toUpperCase()}`)).body).toEqual({
      object: 'email',
      id,
      message_id: expect.stringMatching(/^<[0-9a-f-]{36}@mine\.example>$/),
      from: 'Mine <hello@mine.example>',
      to: ['ada@people.example'],
      cc: null,
      bcc: null,
      reply_to: ['r@s.example'],
      subject: 'A subject',
      html: '<p>Hello</p>',
      text: 'Hello',
      tags: [{ name: 'kind', value: 'order' }],
      topic_id: null,
      scheduled_at: null,
      created_at: '2026-02-20T14:00:00.000Z',
      last_event: 'queued',
      recipients: [
        {
          recipient: 'ada@people.example',
          state: 'queued',
          attempts: 0,
          relay: null,
          reason: null,
          next_attempt_at: '2026-02-20T14:00:00.000Z',
          maybe_duplicate: false,
          smtp: null,
        },
      ],
    });
  });

  test.each([
    [
      'absent: made from the html',
      { html: '<p>a <a href="https://x.example/">link</a></p>' },
      /a link.*https:\/\/x\.example\//,
    ],
    ['empty: none', { text: '' }, null],
    ['given: kept', { text: ' as it is \n' }, / as it is \n/],
    ['alone: no html', { html: null, text: 'only' }, /only/],
  ])('text %s', async (_, over: { readonly html?: string | null; readonly text?: string }, expected) => {
    const it = house();
    const { body } = await it.call('GET', `/emails/${await send(it, over)}`);
    if (expected === null) expect(body.text).toBeNull();
    else expect(body.text).toMatch(expected);
    expect(body.html).toBe(over.html === undefined ? '<p>Hello</p>' : over.html);
  });

  test('a large body is an object of the account, named by its digest, and read back whole', async () => {
    const it = house();
    const html = `<p>${'한'.repeat(100_000)}</p>`;
    const { body } = await it.call('GET', `/emails/${await send(it, { html, text: 'x' })}`);
    expect([body.html, body.text]).toEqual([html, 'x']);
    const digest = createHash('sha256')
      .update(JSON.stringify({ html, text: 'x' }))
      .digest('hex');
    expect(it.store.keys()).toEqual([`t/default/${digest}`]);
  });

  test('when the store is down the answer is 503, and not half a mail', async () => {
    const it = house();
    const id = await send(it, { text: 'x'.repeat(300_000) });
    it.store.isDown = true;
    for (const path of [`/emails/${id}`, `/emails/${id}/raw`]) {
      const { status, headers, body } = await it.call('GET', path);
      expect([status, body.name]).toEqual([503, 'application_error']);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
  });

  test.each([
    [{ kind: 'sent', smtp: TAKEN }, 'sent', 'sent'],
    [FAILED, 'bounced', 'bounced'],
    [{ ...FAILED, reason: 'smtputf8_unsupported', smtp: null, bounce: null }, 'failed', 'failed'],
    [
      {
        kind: 'deferred',
        phase: 'rcpt',
        cause: 'x',
        smtp: { ...TAKEN, code: 450 },
        greylisted: false,
        elsewhere: false,
      },
      'delivery_delayed',
      'deferred',
    ],
  ] as const)('tells what became of it: %.60j', async (outcome, lastEvent, state) => {
    const it = house();
    const id = await send(it);
    expect(settle(it, outcome)).toBe(1);
    const { body } = await it.call('GET', `/emails/${id}`);
    expect(body.last_event).toBe(lastEvent);
    expect(body.recipients).toMatchObject([{ state, attempts: 1, relay: 'main' }]);
    if (outcome.smtp !== null) expect(body.recipients[0].smtp.response).toBe(outcome.smtp.response);
  });
});

test('the Rust SDK, which lacks the word, is told that a suppressed mail has failed', async () => {
  const it = house();
  await it.call('POST', '/suppressions', { body: { email: 'ada@people.example' } });
  const id = await send(it);
  const told = async (agent: string) => {
    const headers = { 'user-agent': agent };
    const one = await it.call('GET', `/emails/${id}`, { headers });
    const list = await it.call('GET', '/emails', { headers });
    return [one.body.last_event, list.body.data[0].last_event];
  };
  expect(await told('resend-rs/0.20.0')).toEqual(['failed', 'failed']);
  expect(await told('resend-node:6.38.0')).toEqual(['suppressed', 'suppressed']);
});

describe('GET /emails', () => {
  test('is newest first, in pages that neither skip nor repeat while mail comes in', async () => {
    const it = house({ rateLimit: 0 });
    const ids: string[] = [];
    for (let index = 0; index < 45; index += 1) {
      it.now += index % 3; // several of one millisecond
      ids.unshift(await send(it));
    }
    const seen: string[] = [];
    let query = '';
    for (let more = true; more; ) {
      const { body } = await it.call('GET', `/emails${query}`);
      expect(body.data.length).toBeLessThanOrEqual(20);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      await send(it);
      query = `?after=${seen.at(-1)}`;
      more = body.has_more;
    }
    expect(seen).toHaveLength(45);
    expect(new Set(seen)).toEqual(new Set(ids));
    const back = await it.call('GET', `/emails?before=${seen[10]}&limit=5`);
    expect(back.body.data.map(({ id }: { id: string }) => id)).toEqual(seen.slice(5, 10));
  });

  test('its items have no bodies, no tags and no recipients', async () => {
    const it = house();
    await send(it, { tags: [{ name: 'a', value: 'b' }] });
    const { body } = await it.call('GET', '/emails');
    for (const name of ['object', 'html', 'text', 'tags', 'recipients']) {
      expect(body.data[0]).not.toHaveProperty(name);
    }
  });

  test.each([
    ['limit=0', 'invalid_parameter', 'limit'],
    ['limit=101', 'invalid_parameter', 'limit'],
    ['limit=-1', 'invalid_parameter', 'limit'],
    ['limit=1.5', 'invalid_parameter', 'limit'],
    ['limit=x', 'invalid_parameter', 'limit'],
    ['limit=', 'invalid_parameter', 'limit'],
    ['limit=1e1', 'invalid_parameter', 'limit'],
    ['after=x', 'invalid_parameter', 'after'],
    ['before=x', 'invalid_parameter', 'before'],
    [`after=${crypto.randomUUID()}&before=${crypto.randomUUID()}`, 'invalid_parameter', 'before'],
    [`after=${crypto.randomUUID()}`, 'validation_error', 'after'],
    [`before=${crypto.randomUUID()}`, 'validation_error', 'before'],
  ])('?%s is refused', async (query, name, field) => {
    const it = house();
    const { status, body } = await it.call('GET', `/emails?${query}`);
    expect([status, body.name, body.field]).toEqual([422, name, field]);
  });
});

test('GET /emails/{id}/events lists each step with its time, recipient, relay and reply', async () => {
  const it = house();
  const id = await send(it, { to: ['ada@people.example', 'bob@people.example'] });
  it.now += 1000;
  settle(it, { kind: 'sent', smtp: TAKEN });
  const { body } = await it.call('GET', `/emails/${id}/events`);
  expect(body).toMatchObject({ object: 'list', has_more: false });
  expect(body.data).toHaveLength(4);
  expect(body.data.filter(({ type }: { type: string }) => type === 'email.sent')).toMatchObject([
    {
      attempt: 1,
      relay: 'main',
      created_at: '2026-02-20T14:00:01.000Z',
      smtp: { code: 250, tls: 'TLSv1.3' },
    },
    { attempt: 1, relay: 'main', smtp: { enhanced_code: '2.0.0', remote_host: 'mx.example' } },
  ]);
  const first = await it.call('GET', `/emails/${id}/events?limit=3`);
  const rest = await it.call('GET', `/emails/${id}/events?limit=3&after=${first.body.data[2].id}`);
  expect([...first.body.data, ...rest.body.data]).toEqual(body.data);
});

test('GET /emails/{id}/raw gives the same bytes every time, with their digest', async () => {
  const it = house();
  const id = await send(it, { text: '안녕' });
  const first = await it.call('GET', `/emails/${id}/raw`);
  it.now += 60_000;
  settle(it, { kind: 'sent', smtp: TAKEN });
  const again = await it.call('GET', `/emails/${id}/raw`);
  expect(first.headers.get('x-mailwright-sha256')).toBe(
    createHash('sha256').update(first.bytes).digest('hex'),
  );
  expect(first.headers.get('content-length')).toBe(String(first.bytes.length));
  expect(first.headers.get('content-type')).toBe('message/rfc822');
  expect(first.headers.get('x-content-type-options')).toBe('nosniff');
  expect(again.bytes).toEqual(first.bytes);
});
