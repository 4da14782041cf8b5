import { exports } from 'cloudflare:workers';
import { describe, expect, inject, test } from 'vitest';
import { issueUnsubscribe } from '../../src/http/unsubscribe.ts';
import { deriveKey } from '../../src/secrets/derive.ts';
import { createTickets } from '../../src/secrets/ticket.ts';
import { call } from './inside/api.ts';

const OPERATOR = inject('settings')['API_KEY'] ?? '';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ';

function message(subject: string): string {
  return [
    'From: Ann <ann@there.example>',
    'To: support@mine.example',
    `Subject: ${subject}`,
    `Message-ID: <${subject}@there.example>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/related; boundary=b',
    '',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<img src="cid:logo">',
    '--b',
    'Content-Type: image/png',
    'Content-ID: <logo>',
    'Content-Disposition: inline',
    'Content-Transfer-Encoding: base64',
    '',
    PNG,
    '--b--',
    '',
  ].join('\r\n');
}

const ask = (path: string, init: RequestInit = {}) =>
  exports.default.fetch(new Request(`https://mail.test${path}`, init));
const pathOf = (url: unknown) => String(url).replace('https://mail.test', '');

async function handIn(subject: string, token = OPERATOR, query = 'to=support@mine.example') {
  const response = await ask(`/inbound/mime?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' },
    body: message(subject),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('receiving on Workers', () => {
  test('a mail is handed in, read, shown with its image, and comes back byte for byte', async () => {
    const { status, body: receipt } = await handIn('whole');
    expect([status, receipt]).toEqual([200, { object: 'email', id: receipt['id'], duplicate: false }]);
    const path = `/emails/receiving/${receipt['id']}`;
    await expect.poll(async () => (await call('GET', path)).body['parse'], { timeout: 20_000 }).toBe('full');
    const { body } = await call('GET', path);
    expect(body['html']).toContain(`<img src="data:image/png;base64,${PNG}">`);
    const raw = await ask(pathOf((body['raw'] as { download_url: string }).download_url));
    expect(raw.headers.get('content-type')).toBe('message/rfc822');
    expect(await raw.text()).toBe(message('whole'));
    const { body: files } = await call('GET', `${path}/attachments`);
    const [file] = files['data'] as readonly { readonly download_url: string }[];
    const bytes = new Uint8Array(await (await ask(pathOf(file?.download_url))).arrayBuffer());
    expect(btoa(String.fromCharCode(...bytes))).toBe(PNG);
    expect((await call('DELETE', path)).body['deleted']).toBe(true);
    expect((await call('GET', path)).status).toBe(404);
  });

  test("threats §9 r6: one account's received mail is unknown to another", async () => {
    const { body } = await handIn('mine');
    const theirs = inject('otherKey');
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/attachments'],
    ] as const) {
      expect((await call(method, `/emails/receiving/${body['id']}${path}`, undefined, theirs)).status).toBe(
        404,
      );
    }
    const list = await call('GET', '/emails/receiving?subject=mine', undefined, theirs);
    expect(list.body['data']).toEqual([]);
  });

  test('a foreign domain is 403, and a repetition is known', async () => {
    expect((await handIn('far', OPERATOR, 'to=a@elsewhere.example')).status).toBe(403);
    const { body } = await handIn('twice');
    expect((await handIn('twice')).body).toEqual({ object: 'email', id: body['id'], duplicate: true });
  });

  test('a signed URL takes mail in for its one recipient', async () => {
    const made = await call('POST', '/inbound/urls', { to: 'desk@mine.example', expires_in: '1 day' });
    const path = pathOf(made.body['url']);
    const kept = await ask(`${path}?to=other@mine.example`, { method: 'POST', body: message('signed') });
    const { id } = (await kept.json()) as { id: string };
    const { body } = await call('GET', `/emails/receiving/${id}`);
    expect(body['received_for']).toEqual(['desk@mine.example']);
    const changed = await ask(`${path.slice(0, -1)}_`, { method: 'POST', body: message('changed') });
    expect(changed.status).toBe(401);
  });

  test('threats §15 r4: a route forwards only where the operator allows it', async () => {
    const route = (to: string) =>
      call('POST', '/routes', { match: { recipient: 'x@mine.example' }, actions: [{ type: 'forward', to }] });
    expect((await route('boss@there.example')).status).toBe(201);
    for (const to of ['other@there.example', 'me@mine.example'])
      expect((await route(to)).body['field']).toBe('actions[0].to');
  });

  test('the page of an unsubscribe link asks, and both forms of the answer are understood', async () => {
    const secret = inject('settings')['SECRET_KEY'] ?? '';
    const tickets = createTickets(() => deriveKey({ secret, purpose: 'unsubscribe links' }));
    const forms = [
      ['one@people.example', new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })],
      ['two@people.example', new FormData()],
    ] as const;
    (forms[1][1] as FormData).set('List-Unsubscribe', 'One-Click');
    for (const [address, body] of forms) {
      const path = `/unsubscribe/${await issueUnsubscribe(tickets, { account: 'default', address })}`;
      expect(await (await ask(path)).text()).toContain(address);
      expect((await call('GET', `/suppressions/${address}`)).status).toBe(404);
      const answer = await ask(path, { method: 'POST', body });
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('unsubscribed')]);
      expect((await call('GET', `/suppressions/${address}`)).status).toBe(200);
    }
  });
});
