import { describe, expect, test } from 'vitest';
import { arrive, handIn, MESSAGE } from './arrived.ts';
import { sha256 } from './attached.ts';
import { type House, house, NOON, OPERATOR_KEY, requestOf } from './house.ts';

const ORIGIN = 'http://127.0.0.1:3025';
const DAY = 24 * 3_600_000;
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

/** What is known of the one mail that was kept. */
function kept(it: House, account = 'default') {
  const { claims } = it.room(account).claimArrivals({ now: it.now, limit: 10, leaseMs: 1000 });
  const [claim, ...others] = claims;
  if (claim === undefined || others.length > 0) throw new Error(`${claims.length} mails were kept`);
  return claim;
}

function nothingKept(it: House): void {
  expect(it.room().claimArrivals({ now: it.now, limit: 10, leaseMs: 1000 }).claims).toEqual([]);
  expect(it.store.keys()).toEqual([]);
  expect(it.woken).toEqual([]);
}

describe('POST /inbound/mime', () => {
  test('keeps the exact bytes for its envelope, and answers when they are kept', async () => {
    const it = house();
    const bytes = Buffer.concat([Buffer.from(MESSAGE), Buffer.from([0, 0xff, 13, 10, 46, 13, 10, 10])]);
    const query = '?from=Ann@There.Example&to=support@MINE.example&to=Desk%2Ba@mine.example';
    const { status, body } = await handIn(it, new Uint8Array(bytes), { query });
    expect([status, body]).toEqual([200, { object: 'email', id: body.id, duplicate: false }]);
    expect(kept(it)).toMatchObject({
      id: body.id,
      source: 'http',
      envelopeFrom: 'Ann@there.example',
      envelopeTo: ['support@mine.example', 'Desk+a@mine.example'],
      peer: null,
      rawSize: bytes.length,
      rawSha256: sha256(bytes),
      head: { subject: 'A question' },
    });
    expect(it.woken).toEqual(['default']);
  });

  test.each([
    'message/rfc822',
    'text/plain',
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'nonsense',
  ])('takes any content type for a mail: %s', async (type) => {
    const it = house();
    await arrive(it, MESSAGE, { headers: { 'content-type': type } });
    expect(kept(it).rawSha256).toBe(sha256(Buffer.from(MESSAGE)));
  });

  test('the same bytes for the same envelope are one mail for 48 hours', async () => {
    const it = house();
    const id = await arrive(it);
    it.now += 2 * DAY - 1;
    expect((await handIn(it)).body).toEqual({ object: 'email', id, duplicate: true });
    const other = await handIn(it, MESSAGE, { query: '?from=ann@there.example&to=desk@mine.example' });
    expect(other.body.duplicate).toBe(false);
    it.now += 1;
    expect((await handIn(it)).body.duplicate).toBe(false);
  });

  test.each([
    ['', null],
    ['&from=', ''],
    ['&from=%3C%3E', ''],
    ['&from=%3Cann@there.example%3E', 'ann@there.example'],
    ['&from=%22a%20b%22@there.example', '"a b"@there.example'],
    ['&from=m%C3%BCller@there.example', 'müller@there.example'],
  ])('the sender %j is %j', async (query, envelopeFrom) => {
    const it = house();
    await arrive(it, MESSAGE, { query: `?to=support@mine.example${query}` });
    expect(kept(it).envelopeFrom).toBe(envelopeFrom);
  });

  test('a recipient that is no address is left out as long as there is another', async () => {
    const it = house();
    await arrive(it, MESSAGE, { query: '?to=nobody&to=%3Csupport@mine.example%3E&to=support@mine.example' });
    expect(kept(it).envelopeTo).toEqual(['support@mine.example']);
  });

  test.each([
    ['', 'missing_required_field', 'to'],
    ['?to=', 'invalid_parameter', 'to'],
    ['?to=nobody', 'invalid_parameter', 'to'],
    ['?to=a%0d%0aRCPT@mine.example', 'invalid_parameter', 'to'],
    ['?to=nobody&to=none', 'invalid_parameter', 'to[0]'],
    [`?${'to=a@mine.example&'.repeat(101)}`, 'invalid_parameter', 'to'],
    ['?to=a@mine.example&from=a%0a@b.example', 'invalid_parameter', 'from'],
    ['?to=a@mine.example&from=a&from=b', 'invalid_parameter', 'from'],
    [`?to=a@mine.example&from=${'x'.repeat(400)}`, 'invalid_parameter', 'from'],
  ])('an envelope like %s is refused with its field', async (query, name, field) => {
    const it = house();
    const { status, body } = await handIn(it, MESSAGE, { query });
    expect([status, body.name, body.field]).toEqual([422, name, field]);
    nothingKept(it);
  });

  test('nothing is no mail', async () => {
    const it = house();
    for (const body of ['', undefined]) {
      const { status, body: answer } = await it.call('POST', '/inbound/mime?to=a@mine.example', { body });
      expect([status, answer.name, answer.field]).toEqual([422, 'missing_required_field', 'body']);
    }
    nothingKept(it);
  });

  test('a domain that mail is not received for is 403', async () => {
    const it = house();
    const { status, body } = await handIn(it, MESSAGE, { query: '?to=a@elsewhere.example' });
    expect([status, body.name]).toEqual([403, 'validation_error']);
    nothingKept(it);
  });

  test('a route that refuses is 403 with its own words', async () => {
    const it = house();
    await route(it, [{ type: 'reject', message: 'Nobody is here.' }]);
    const { status, body } = await handIn(it);
    expect([status, body.name, body.message]).toEqual([403, 'validation_error', 'Nobody is here.']);
    nothingKept(it);
  });

  test('a route that throws it away is 200 without an id, so that nobody brings it again', async () => {
    const it = house();
    await route(it, [{ type: 'drop' }]);
    const { status, body } = await handIn(it);
    expect([status, body]).toEqual([200, { object: 'email', id: null, duplicate: false }]);
    nothingKept(it);
  });

  test('threats §7 r1: more than INBOUND_MAX_BYTES is 413, declared or not, and nothing stays', async () => {
    const it = house({ inboundMaxBytes: 1000 });
    const exact = new Uint8Array(1000).fill(97);
    await arrive(it, exact);
    const over = new Uint8Array(1001).fill(97);
    const before = it.store.keys();
    const declared = await handIn(it, over, { headers: { 'content-length': '1001' } });
    expect([declared.status, declared.body.name]).toEqual([413, 'validation_error']);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(100).fill(97));
      },
    });
    const chunked = await it.request(streamed(endless));
    expect([chunked.status, chunked.body.message]).toEqual([413, declared.body.message]);
    expect(pulled).toBeLessThan(20);
    expect(it.store.keys()).toEqual(before);
  });

  test('threats §6 r1: the body is passed on piece by piece, and never held', async () => {
    const size = 64 * 1024;
    let pulled = 0;
    let ahead = 0;
    const it = house(
      {},
      {
        receive: async ({ raw }) => {
          let read = 0;
          for await (const piece of raw) {
            read += piece.length;
            ahead = Math.max(ahead, pulled * size - read);
          }
          expect(read).toBe(100 * size);
          return { kind: 'kept', id: UNKNOWN, duplicate: false };
        },
      },
    );
    const mail = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(size));
        if (pulled === 100) controller.close();
      },
    });
    expect((await it.request(streamed(mail))).status).toBe(200);
    expect(ahead).toBeLessThanOrEqual(3 * size);
  });

  test('a mail that breaks off is not kept', async () => {
    for (const first of [MESSAGE, '']) {
      const it = house();
      const broken = new ReadableStream({
        start(controller) {
          if (first !== '') controller.enqueue(new TextEncoder().encode(first));
        },
        pull(controller) {
          controller.error(new Error('gone'));
        },
      });
      const { status, body } = await it.request(streamed(broken));
      expect([status, body.field]).toEqual([422, 'body']);
      nothingKept(it);
    }
  });

  test('threats §6 r2: what is compressed is refused, never inflated', async () => {
    const it = house();
    const { status, body } = await handIn(it, MESSAGE, { headers: { 'content-encoding': 'gzip' } });
    expect([status, body.field]).toEqual([422, 'content-encoding']);
    nothingKept(it);
  });

  test('while storage is down is 503 with a time to come back', async () => {
    const it = house();
    it.store.isDown = true;
    const { status, headers } = await handIn(it);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
    it.store.isDown = false;
    nothingKept(it);
  });

  test("threats §9 r6: what is handed in with one account's key is that account's", async () => {
    const it = house();
    const key = await it.newKey({ account: 'beta' });
    const id = await arrive(it, MESSAGE, { key });
    expect((await it.call('GET', `/emails/receiving/${id}`)).status).toBe(404);
    expect((await it.call('GET', `/emails/receiving/${id}`, { key })).status).toBe(200);
  });

  test('a key that may only send hands nothing in', async () => {
    const it = house();
    const key = await it.newKey({ permission: 'sending_access' });
    expect((await handIn(it, MESSAGE, { key })).body.name).toBe('restricted_api_key');
    nothingKept(it);
  });
});

describe('POST /inbound/urls', () => {
  const make = async (it: House, body: unknown, key: string = OPERATOR_KEY) =>
    (await it.call('POST', '/inbound/urls', { body, key })).body;
  const post = (it: House, url: string, query = '', message: unknown = MESSAGE) =>
    it.call('POST', url.slice(ORIGIN.length) + query, {
      key: null,
      body: message,
      headers: { 'content-type': 'message/rfc822' },
    });

  test('makes a URL that takes mail in without a key and does not end', async () => {
    const it = house();
    const { object, url, expires_at } = await make(it, undefined);
    expect([object, expires_at]).toEqual(['inbound_url', null]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:3025\/inbound\/mime\/[A-Za-z0-9_.-]+$/);
    it.now += 10_000 * DAY;
    const { status, body } = await post(it, url, '?from=ann@there.example&to=desk@mine.example');
    expect([status, body.duplicate]).toEqual([200, false]);
    expect(kept(it)).toMatchObject({ id: body.id, source: 'http', envelopeTo: ['desk@mine.example'] });
    expect((await post(it, url)).body).toMatchObject({ statusCode: 422, field: 'to' });
  });

  test('`to` in it fixes the recipient, whatever the query says', async () => {
    const it = house();
    const { url } = await make(it, { to: ' Support@MINE.example ' });
    for (const query of ['', '?to=other@mine.example', '?to=a@elsewhere.example&to=b@mine.example']) {
      expect((await post(it, url, query, `${MESSAGE}${query}`)).status).toBe(200);
    }
    const { claims } = it.room().claimArrivals({ now: it.now, limit: 10, leaseMs: 1000 });
    expect(claims.map(({ envelopeTo }) => envelopeTo)).toEqual(Array(3).fill(['Support@mine.example']));
  });

  test.each([
    ['10m', 600_000],
    ['2 hours', 7_200_000],
    ['1h 30m', 5_400_000],
    ['1 day', DAY],
    ['3650 days', 3_650 * DAY],
  ])('ends after %s', async (expires_in, ms) => {
    const it = house();
    const { url, expires_at } = await make(it, { expires_in });
    expect(expires_at).toBe(new Date(NOON + ms).toISOString());
    it.now = NOON + ms - 1;
    expect((await post(it, url, '?to=desk@mine.example')).status).toBe(200);
    it.now = NOON + ms;
    expect((await post(it, url, '?to=desk@mine.example')).status).toBe(401);
  });

  test.each([
    [{ to: 'nobody' }, 'to'],
    [{ to: 'a@elsewhere.example' }, 'to'],
    [{ to: ['a@mine.example'] }, 'to'],
    [{ expires_in: 'soon' }, 'expires_in'],
    [{ expires_in: '0m' }, 'expires_in'],
    [{ expires_in: '3651 days' }, 'expires_in'],
    [{ expires_in: 60 }, 'expires_in'],
    [{ source: 'sparkpost' }, 'source'],
  ])('%j is refused with its field', async (body, field) => {
    const { status, body: answer } = await house().call('POST', '/inbound/urls', { body });
    expect([status, answer.name, answer.field]).toEqual([422, 'validation_error', field]);
  });

  test('a bounce address may have a URL of its own', async () => {
    expect((await make(house(), { to: 'b@bounce.example' })).url).toContain('/inbound/mime/');
  });

  test('threats §8 r2: with one character changed it is 401, and nothing is kept', async () => {
    const it = house();
    const { url } = await make(it, { to: 'support@mine.example' });
    const answers = new Set<string>();
    for (let at = `${ORIGIN}/inbound/`.length; at < url.length; at += 1) {
      if (url[at] === '/') continue;
      const changed = url.slice(0, at) + (url[at] === 'A' ? 'B' : 'A') + url.slice(at + 1);
      const { status, body } = await post(it, changed);
      expect(status, changed).toBe(401);
      answers.add(JSON.stringify(body));
    }
    expect([...answers]).toEqual([
      JSON.stringify({
        statusCode: 401,
        message: 'This URL or the signature of this call is not valid.',
        name: 'validation_error',
      }),
    ]);
    nothingKept(it);
  });

  test('opens nothing else: no other source, no download, no upload, no other verb', async () => {
    const it = house();
    const { url } = await make(it, {});
    const ticket = url.slice(url.lastIndexOf('/') + 1);
    for (const path of ['postmark', 'sendgrid', 'mailgun', 'ses', 'smtp', '__proto__'])
      expect((await post(it, `${ORIGIN}/inbound/${path}/${ticket}`)).status, path).toBe(401);
    expect((await it.call('GET', `/downloads/${ticket}`, { key: null })).status).toBe(403);
    expect((await it.call('GET', `/unsubscribe/${ticket}`, { key: null })).status).toBe(404);
    expect((await it.call('PUT', `/uploads/${ticket}`, { key: null, body: 'x' })).status).toBe(403);
    expect((await it.call('GET', url.slice(ORIGIN.length), { key: null })).status).toBe(405);
    const { url: forPostmark } = await make(it, { source: 'postmark' });
    expect((await post(it, forPostmark.replace('/postmark/', '/mime/'))).status).toBe(401);
  });

  test('what comes by it is the account whose key made it, and no longer when that is gone', async () => {
    const it = house({}, {});
    const key = await it.newKey({ account: 'beta' });
    const { url } = await make(it, { to: 'support@mine.example' }, key);
    const { body } = await post(it, url);
    expect((await it.call('GET', `/emails/receiving/${body.id}`, { key })).status).toBe(200);
    expect((await it.call('GET', `/emails/receiving/${body.id}`)).status).toBe(404);
    // The same secrets, another set of accounts.
    expect((await post(house(), url)).status).toBe(401);
  });

  test('a provider that is not set up is 503, and nothing is kept', async () => {
    const it = house();
    for (const source of ['mailgun', 'ses']) {
      const { url } = await make(it, { source });
      const { status, body } = await post(it, url, '', 'x=1');
      expect([status, body.name], source).toEqual([503, 'application_error']);
    }
    nothingKept(it);
  });

  test('threats §13 r1: a ticket stands in no line of the log, not even when something breaks', async () => {
    const it = house({}, { receive: () => Promise.reject(new Error('broken')) });
    const { url } = await make(it, { to: 'support@mine.example' });
    expect((await post(it, url)).status).toBe(500);
    expect(it.log).toHaveLength(1);
    expect(JSON.stringify([it.log, it.funnelLog])).not.toContain(url.slice(-20));
  });
});

async function route(it: House, actions: readonly unknown[]): Promise<void> {
  const body = { match: { domain: 'mine.example' }, actions };
  expect((await it.call('POST', '/routes', { body })).status).toBe(201);
}

function streamed(body: ReadableStream): Request {
  const { url, headers } = requestOf('POST', '/inbound/mime?to=a@mine.example', {});
  return new Request(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
}
