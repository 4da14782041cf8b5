import { describe, expect, test } from 'vitest';
import { issueUnsubscribe } from '../../src/http/unsubscribe.ts';
import { type CallOptions, type House, house } from './house.ts';

const FORM = 'List-Unsubscribe=One-Click';
const URLENCODED = { 'content-type': 'application/x-www-form-urlencoded' };

const pathFor = async (it: House, account = 'default', address = 'ada@people.example') =>
  `/unsubscribe/${await issueUnsubscribe(it.parts.tickets.unsubscribe, { account, address })}`;
const post = (it: House, path: string, over: CallOptions = {}) =>
  it.call('POST', path, { key: null, body: FORM, headers: URLENCODED, ...over });
const listed = async (it: House, key?: string) =>
  (await it.call('GET', '/suppressions', key === undefined ? {} : { key })).body.data;
const textOf = ({ bytes }: { readonly bytes: Uint8Array }) => new TextDecoder().decode(bytes);

describe('GET /unsubscribe/{token}', () => {
  test('shows a page with a button and changes nothing', async () => {
    const it = house();
    const path = await pathFor(it);
    const answer = await it.call('GET', path, { key: null });
    const text = textOf(answer);
    expect(answer.status).toBe(200);
    expect(text).toContain('ada@people.example');
    expect(text).toContain('<form method="post">');
    expect(text).toContain('name="List-Unsubscribe" value="One-Click"');
    expect((await it.call('HEAD', path, { key: null })).status).toBe(200);
    expect(await listed(it)).toEqual([]);
  });

  test('the page runs nothing, asks nobody, stays in no frame and is told to nobody', async () => {
    const it = house();
    const { headers, ...answer } = await it.call('GET', await pathFor(it), { key: null });
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toContain('unsafe');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(textOf(answer)).not.toMatch(/<(?:script|img|link|iframe)|(?:src|href|action)=|url\(|@import/i);
  });

  test('threats §11 r5: an address is text on it, whatever it holds', async () => {
    const it = house();
    const address = `"><script>alert(1)</script>&x'@people.example`;
    for (const method of ['GET', 'POST']) {
      const text = textOf(
        await it.call(method, await pathFor(it, 'default', address), {
          key: null,
          ...(method === 'POST' && { body: FORM, headers: URLENCODED }),
        }),
      );
      expect(text).not.toContain('<script');
      expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;x&#39;@people.example');
    }
  });
});

describe('POST /unsubscribe/{token}', () => {
  test('suppresses before it answers, and again is the same', async () => {
    const it = house();
    const path = await pathFor(it);
    for (let time = 0; time < 3; time += 1) {
      const answer = await post(it, path);
      expect([answer.status, textOf(answer)]).toEqual([200, expect.stringContaining('You are unsubscribed')]);
      expect(answer.headers.get('location')).toBeNull();
      expect(await listed(it)).toMatchObject([{ email: 'ada@people.example', origin: 'manual' }]);
    }
    expect(it.woken).toContain('default');
    expect(it.verbs).toContain('unsubscribe');
  });

  test('comes as multipart from some', async () => {
    const it = house();
    const form = new FormData();
    form.set('List-Unsubscribe', 'One-Click');
    const whole = new Response(form);
    const headers = { 'content-type': whole.headers.get('content-type') ?? '' };
    const body = new Uint8Array(await whole.arrayBuffer());
    expect((await post(it, await pathFor(it), { body, headers })).status).toBe(200);
    expect(await listed(it)).toHaveLength(1);
  });

  const boundary = { 'content-type': 'multipart/form-data; boundary=b' };
  const part = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['nothing', '', URLENCODED],
    ['another value', 'List-Unsubscribe=Yes', URLENCODED],
    ['another name', 'list-unsubscribe=One-Click', URLENCODED],
    ['more than that', `${FORM}&x=y`, URLENCODED],
    ['it twice', `${FORM}&${FORM}`, URLENCODED],
    ['JSON', '{"List-Unsubscribe":"One-Click"}', { 'content-type': 'application/json' }],
    ['plain text', FORM, { 'content-type': 'text/plain' }],
    ['a form of 5 KiB', `${FORM}&${'x'.repeat(5000)}`, URLENCODED],
    ['a form that is compressed', FORM, { ...URLENCODED, 'content-encoding': 'gzip' }],
    ['a multipart form with another value', `${part('List-Unsubscribe', 'Yes')}--b--\r\n`, boundary],
    [
      'a multipart form with more',
      `${part('List-Unsubscribe', 'One-Click')}${part('x', 'y')}--b--\r\n`,
      boundary,
    ],
    ['a multipart form that is none', FORM, boundary],
    ['a multipart form without a boundary', FORM, { 'content-type': 'multipart/form-data' }],
  ])('with %s is 400, and nobody is suppressed', async (_, body, headers) => {
    const it = house();
    const answer = await post(it, await pathFor(it), { body, headers });
    expect([answer.status, answer.body.name]).toEqual([400, 'validation_error']);
    expect(await listed(it)).toEqual([]);
  });

  test("is about one account: another's list is untouched", async () => {
    const it = house();
    const key = await it.newKey({ account: 'beta' });
    await post(it, await pathFor(it, 'beta'));
    expect(await listed(it)).toEqual([]);
    expect(await listed(it, key)).toHaveLength(1);
  });
});

describe('a token', () => {
  test('with one character changed, of another kind, or of an account that is gone is 404', async () => {
    const it = house();
    const path = await pathFor(it);
    const changed: string[] = [];
    for (let at = '/unsubscribe/'.length; at < path.length; at += 1)
      changed.push(path.slice(0, at) + (path[at] === 'A' ? 'B' : 'A') + path.slice(at + 1));
    const download = await it.parts.tickets.download.issue(
      { account: 'default', address: 'a@b.example' },
      9e15,
    );
    changed.push(`/unsubscribe/${download}`, '/unsubscribe/x', await pathFor(it, 'gone'));
    for (const bad of changed) {
      const asked = await it.call('GET', bad, { key: null });
      expect([asked.status, asked.body.message], bad).toEqual([404, 'Link not found']);
      expect((await post(it, bad)).status, bad).toBe(404);
    }
    expect(await listed(it)).toEqual([]);
    expect(it.verbs).not.toContain('unsubscribe');
  });

  test('does not end', async () => {
    const it = house();
    const path = await pathFor(it);
    it.now += 10_000 * 86_400_000;
    expect((await post(it, path)).status).toBe(200);
  });
});
