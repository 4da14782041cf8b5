import { Resend } from 'resend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SdkService, startForSdk } from './sdk-service.ts';

let service: SdkService;
let resend: Resend;

beforeAll(async () => {
  service = await startForSdk();
  resend = new Resend(service.key, { baseUrl: service.url });
}, 30_000);
afterAll(() => service.stop());

const MAIL = {
  from: 'Mine <hello@mine.example>',
  to: 'ada@people.example',
  subject: '안녕',
  html: '<p>Hello</p>',
};

/** The data of a call that went well. */
function data<T>(result: { readonly data: T | null; readonly error: unknown }): T {
  expect(result.error).toBeNull();
  if (result.data === null) throw new Error('An answer without data');
  return result.data;
}

/** `last_event` once the mail is no longer waiting. */
async function finished(id: string): Promise<string> {
  await expect
    .poll(async () => data(await resend.emails.get(id)).last_event, { timeout: 10_000 })
    .not.toBe('queued');
  return data(await resend.emails.get(id)).last_event;
}

describe('the resend SDK 6.38, unmodified, pointed here by its base URL', () => {
  test('sends a mail that arrives over SMTP, and reads it back', async () => {
    const { id } = data(
      await resend.emails.send({
        ...MAIL,
        cc: ['bob@people.example'],
        bcc: 'dora@people.example',
        replyTo: 'desk@mine.example',
        headers: { 'X-Order': '4711' },
        tags: [{ name: 'kind', value: 'order' }],
      }),
    );
    const [message = ''] = await service.caught(1);
    expect(message).toMatch(/^X-Order: 4711\r$/m);
    expect(message).not.toContain('dora');
    expect(await finished(id)).toBe('sent');
    expect(data(await resend.emails.get(id))).toMatchObject({
      object: 'email',
      id,
      to: ['ada@people.example'],
      cc: ['bob@people.example'],
      reply_to: ['desk@mine.example'],
      subject: '안녕',
      text: 'Hello',
    });
    expect(data(await resend.emails.list({ limit: 1 }))).toMatchObject({ object: 'list', data: [{ id }] });
  });

  test('repeats a send with an idempotency key, and nothing goes twice', async () => {
    const options = { idempotencyKey: `order-${crypto.randomUUID()}` };
    const first = data(await resend.emails.send(MAIL, options));
    expect(data(await resend.emails.send(MAIL, options))).toEqual(first);
    const other = await resend.emails.send({ ...MAIL, subject: 'Another' }, options);
    expect(other.error).toMatchObject({ statusCode: 409, name: 'invalid_idempotent_request' });
  });

  test('sends batches in both modes', async () => {
    const strict = data(await resend.batch.send([MAIL, { ...MAIL, to: 'delivered@resend.dev' }]));
    expect(strict.data).toHaveLength(2);
    const permissive = data(
      await resend.batch.send([MAIL, { ...MAIL, to: 'nobody' }], { batchValidation: 'permissive' }),
    );
    expect(permissive.data).toHaveLength(1);
    expect(permissive.errors).toMatchObject([{ index: 1 }]);
    const refused = await resend.batch.send([MAIL, { ...MAIL, to: 'nobody' }]);
    expect(refused.error).toMatchObject({ statusCode: 422, name: 'validation_error', field: '[1].to' });
  });

  test('schedules, moves and cancels', async () => {
    const { id } = data(await resend.emails.send({ ...MAIL, scheduledAt: 'in 1 hour' }));
    const moved = new Date(Date.now() + 7_200_000).toISOString();
    expect(data(await resend.emails.update({ id, scheduledAt: moved }))).toEqual({ object: 'email', id });
    expect(data(await resend.emails.get(id)).scheduled_at).toBe(moved);
    expect(data(await resend.emails.cancel(id))).toEqual({ object: 'email', id });
    expect(data(await resend.emails.get(id)).last_event).toBe('canceled');
    expect((await resend.emails.cancel(id)).error).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
    });
  });

  test.each([
    ['delivered', 'delivered'],
    ['bounced', 'bounced'],
    ['complained', 'complained'],
    ['suppressed', 'suppressed'],
  ])('existing tests against %s@resend.dev run unchanged', async (name, outcome) => {
    const { id } = data(
      await resend.emails.send({
        ...MAIL,
        from: 'Acme <onboarding@resend.dev>',
        to: `${name}+label@resend.dev`,
      }),
    );
    expect(await finished(id)).toBe(outcome);
  });

  test('makes, lists and removes keys, and a sending key only sends', async () => {
    const [domain] = data(await resend.domains.list()).data;
    expect(domain?.name).toBe('mine.example');
    const made = data(
      await resend.apiKeys.create({
        name: 'Shop',
        permission: 'sending_access',
        domain_id: domain?.id ?? '',
      }),
    );
    const shop = new Resend(made.token, { baseUrl: service.url });
    data(await shop.emails.send(MAIL));
    expect((await shop.emails.list()).error).toMatchObject({ statusCode: 401, name: 'restricted_api_key' });
    expect(data(await resend.apiKeys.list()).data).toMatchObject([{ id: made.id, name: 'Shop' }]);
    data(await resend.apiKeys.remove(made.id));
    expect((await shop.emails.send(MAIL)).error).toMatchObject({ statusCode: 403, name: 'invalid_api_key' });
  });

  test('keeps the suppression list, by id and by address', async () => {
    const { id } = data(await resend.suppressions.add({ email: 'never+me@people.example' }));
    expect(data(await resend.suppressions.get('never+me@people.example'))).toMatchObject({
      id,
      origin: 'manual',
    });
    const sent = data(await resend.emails.send({ ...MAIL, to: 'Never+Me@people.example' }));
    expect(await finished(sent.id)).toBe('suppressed');
    expect(data(await resend.suppressions.remove('never+me@people.example'))).toMatchObject({
      id,
      deleted: true,
    });
    const added = data(await resend.suppressions.batch.add({ emails: ['a@b.example', 'c@d.example'] }));
    expect(added.data).toHaveLength(2);
    const ids = added.data.map((entry) => entry.id);
    expect(data(await resend.suppressions.list({ limit: 1 }))).toMatchObject({
      object: 'list',
      has_more: true,
    });
    expect(data(await resend.suppressions.batch.remove({ ids })).data).toHaveLength(2);
  });

  test('hands errors on as they are', async () => {
    const refused = await resend.emails.send({ ...MAIL, from: 'a@foreign.example' });
    expect(refused.error).toMatchObject({
      statusCode: 403,
      name: 'validation_error',
      message: 'The `foreign.example` domain is not verified. Please, add and verify your domain.',
    });
    expect(refused.headers?.['ratelimit-limit']).toBe('100');
    const attached = await resend.emails.send({
      ...MAIL,
      attachments: [{ filename: 'a.exe', content: 'aGk=' }],
    });
    expect(attached.error).toMatchObject({ statusCode: 422, name: 'invalid_attachment' });
    expect((await resend.emails.get(crypto.randomUUID())).error).toMatchObject({
      statusCode: 404,
      name: 'not_found',
      message: 'Email not found',
    });
    expect((await resend.contacts.list()).error).toMatchObject({ statusCode: 404, name: 'not_found' });
  });
});
