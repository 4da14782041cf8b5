import { describe, expect, test } from 'vitest';
import { type House, house, mail } from './house.ts';

const DRY = { 'x-mailwright-dry-run': 'true' };

function untouched(it: House): void {
  expect(it.sql().exec('SELECT count(*) AS n FROM emails')).toEqual([{ n: 0 }]);
  expect(it.sql().exec('SELECT count(*) AS n FROM idempotency')).toEqual([{ n: 0 }]);
  expect(it.store.keys()).toHaveLength(0);
  expect(it.woken).toEqual([]);
}

describe('a dry run', () => {
  test.each([
    ['by the body', mail({ dry_run: true, bcc: 'dora@people.example' }), {}],
    ['by the header', mail({ bcc: 'dora@people.example' }), DRY],
    ['by both', mail({ dry_run: true, bcc: 'dora@people.example' }), DRY],
    ['by the header against the body', mail({ dry_run: false, bcc: 'dora@people.example' }), DRY],
  ])('%s composes, and stores and sends nothing', async (_, body, headers) => {
    const it = house();
    const { status, body: answer } = await it.call('POST', '/emails', { body, headers });
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      object: 'dry_run',
      envelope: { from: 'hello@mine.example', to: ['ada@people.example', 'dora@people.example'] },
      lint: [],
    });
    expect(answer.mime).toContain('\r\nSubject: A subject\r\n');
    expect(answer.mime).not.toContain('dora');
    expect(answer.size).toBe(answer.mime.length);
    untouched(it);
    expect((await it.call('GET', `/emails/${answer.id}`)).status).toBe(404);
  });

  test('is what would have been sent, but for what is drawn anew', async () => {
    const it = house();
    const body = mail({ text: '안녕', headers: { 'Message-ID': '<a@mine.example>', 'X-A': 'b' } });
    const { body: dry } = await it.call('POST', '/emails', { body, headers: DRY });
    const { body: sent } = await it.call('POST', '/emails', { body });
    const { bytes } = await it.call('GET', `/emails/${sent.id}/raw`);
    const plain = (mime: string) => mime.replace(/mw[-_A-Za-z0-9.=]*[0-9a-f]{32}[-_A-Za-z0-9]*/g, 'BOUNDARY');
    expect(plain(dry.mime)).toBe(plain(new TextDecoder().decode(bytes)));
  });

  test('refuses what the send would refuse', async () => {
    const it = house();
    const bound = await it.newKey({ domain: 'other.example' });
    const refused = async (over: object, options = {}) =>
      (await it.call('POST', '/emails', { body: mail({ dry_run: true, ...over }), ...options })).body;
    expect(await refused({ to: 'x' })).toMatchObject({ statusCode: 422, field: 'to' });
    expect(await refused({ headers: { From: 'x' } })).toMatchObject({ field: 'headers.From' });
    expect(await refused({ from: 'a@foreign.example' })).toMatchObject({ statusCode: 403, field: 'from' });
    expect(await refused({ from: 'onboarding@resend.dev' })).toMatchObject({ statusCode: 403 });
    expect(await refused({}, { key: bound })).toMatchObject({
      statusCode: 403,
      message: 'This API key is not allowed to send from the `mine.example` domain.',
    });
    expect(await refused({ dry_run: 'yes' })).toMatchObject({ statusCode: 422, field: 'dry_run' });
    untouched(it);
  });

  test('uses up no idempotency key', async () => {
    const it = house();
    const key = { 'idempotency-key': 'k' };
    await it.call('POST', '/emails', { body: mail(), headers: { ...key, ...DRY } });
    untouched(it);
    expect((await it.call('POST', '/emails', { body: mail(), headers: key })).status).toBe(200);
    const bad = { 'idempotency-key': '', ...DRY };
    expect((await it.call('POST', '/emails', { body: mail(), headers: bad })).status).toBe(400);
  });

  test('of a large mail stores no object', async () => {
    const it = house();
    const { body } = await it.call('POST', '/emails', {
      body: mail({ text: 'x\n'.repeat(300_000) }),
      headers: DRY,
    });
    expect(body.size).toBeGreaterThan(600_000);
    untouched(it);
  });

  test('of a scheduled mail has the date at which it would go', async () => {
    const it = house();
    const { body } = await it.call('POST', '/emails', {
      body: mail({ scheduled_at: 'in 1 hour' }),
      headers: DRY,
    });
    expect(body.mime).toContain('\r\nDate: Fri, 20 Feb 2026 15:00:00 +0000\r\n');
  });

  test('of a batch tries every mail, in both modes', async () => {
    const it = house();
    const strict = await it.call('POST', '/emails/batch', { body: [mail(), mail()], headers: DRY });
    expect(strict.body.data).toMatchObject([{ object: 'dry_run' }, { object: 'dry_run' }]);
    expect(strict.body).not.toHaveProperty('errors');
    const refused = await it.call('POST', '/emails/batch', {
      body: [mail(), mail({ to: 'x' })],
      headers: DRY,
    });
    expect(refused.body).toMatchObject({ statusCode: 422, field: '[1].to' });
    const permissive = await it.call('POST', '/emails/batch', {
      body: [mail({ to: 'x' }), mail()],
      headers: { ...DRY, 'x-batch-validation': 'permissive' },
    });
    expect(permissive.body).toMatchObject({
      data: [{ object: 'dry_run' }],
      errors: [{ index: 0 }],
      results: [
        { index: 0, status: 'rejected', name: 'validation_error' },
        { index: 1, status: 'accepted' },
      ],
    });
    untouched(it);
  });

  test('one mail of a batch that asks for it holds the others back too', async () => {
    const it = house();
    const { body } = await it.call('POST', '/emails/batch', { body: [mail(), mail({ dry_run: true })] });
    expect(body.data).toMatchObject([{ object: 'dry_run' }, { object: 'dry_run' }]);
    untouched(it);
  });

  test('of a raw message answers the bytes that would be sent', async () => {
    const it = house();
    const message =
      'From: a@mine.example\nTo: b@people.example\nBcc: c@people.example\nMessage-ID: <x@y.example>\nSubject: s\n\nHi';
    const { body } = await it.call('POST', '/emails/raw', { body: { raw: btoa(message), dry_run: true } });
    expect(body).toMatchObject({
      object: 'dry_run',
      envelope: { from: 'a@mine.example', to: ['b@people.example', 'c@people.example'] },
      lint: [],
    });
    expect(body.mime).toMatch(
      /^From: a@mine\.example\r\nTo: b@people\.example\r\nMessage-ID: <x@y\.example>\r\n/,
    );
    untouched(it);
  });

  test('needs a key like any send, and takes a sending one', async () => {
    const it = house();
    expect((await it.call('POST', '/emails', { body: mail(), headers: DRY, key: null })).status).toBe(401);
    const key = await it.newKey({ permission: 'sending_access' });
    expect((await it.call('POST', '/emails', { body: mail(), headers: DRY, key })).status).toBe(200);
  });
});

test.each([
  [{ text: '' }, 'missing_text'],
  [{ html: '<img src="data:image/png;base64,AA==">', text: 'x' }, 'inline_image'],
  [{ html: `<p>${'x'.repeat(110 * 1024)}</p>`, text: 'x' }, 'html_clipped'],
])('lint finds what may not arrive as it is meant: %.40j', async (over, code) => {
  const it = house();
  const { body } = await it.call('POST', '/emails', { body: mail(over), headers: DRY });
  expect(body.lint).toContainEqual(expect.objectContaining({ code }));
});

test('the TLS switch is taken from body and header, and from nothing else', async () => {
  const it = house();
  const tls = async (body: object, headers = {}) => {
    const sent = await it.call('POST', '/emails', { body: mail(body as Record<string, unknown>), headers });
    if (sent.status !== 200) return sent.body.field;
    return it.room().email({ id: sent.body.id })?.tls;
  };
  expect(await tls({})).toBeNull();
  expect(await tls({ tls: 'enforced' })).toBe('enforced');
  expect(await tls({}, { 'x-mailwright-tls': 'enforced' })).toBe('enforced');
  expect(await tls({ tls: 'opportunistic' })).toBe('tls');
  expect(await tls({}, { 'x-mailwright-tls': 'off' })).toBe('X-Mailwright-Tls');
});
