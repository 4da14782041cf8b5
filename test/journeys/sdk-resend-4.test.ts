import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SdkService, startForSdk } from './sdk-service.ts';

type Resend4 = import('resend-4').Resend;

let service: SdkService;
let resend: Resend4;

beforeAll(async () => {
  service = await startForSdk();
  // This version reads its base URL when it is imported.
  process.env['RESEND_BASE_URL'] = service.url;
  const { Resend } = await import('resend-4');
  resend = new Resend(service.key);
}, 30_000);
afterAll(() => service.stop());

const MAIL = { from: 'hello@mine.example', to: ['ada@people.example'], subject: 'Hello', text: 'It works.' };

describe('the resend SDK 4.8, unmodified, pointed here by RESEND_BASE_URL', () => {
  test('sends, and the mail arrives', async () => {
    const { data, error } = await resend.emails.send({ ...MAIL, headers: { 'X-Order': '4711' } });
    expect(error).toBeNull();
    const [message = ''] = await service.caught(1);
    expect(message).toMatch(/^X-Order: 4711\r$/m);
    const read = await resend.emails.get(data?.id ?? '');
    expect(read.data).toMatchObject({
      object: 'email',
      to: ['ada@people.example'],
      html: null,
      text: 'It works.',
    });
  });

  test('sends batches, repeats by key, schedules, moves and cancels', async () => {
    const batch = await resend.batch.send([MAIL, MAIL], { idempotencyKey: 'batch-1' });
    expect(batch.error).toBeNull();
    expect(await resend.batch.send([MAIL, MAIL], { idempotencyKey: 'batch-1' })).toEqual(batch);
    const scheduled = await resend.emails.send({ ...MAIL, scheduledAt: 'in 1 hour' });
    const id = scheduled.data?.id ?? '';
    expect((await resend.emails.update({ id, scheduledAt: 'in 2 hours' })).data).toEqual({
      object: 'email',
      id,
    });
    expect((await resend.emails.cancel(id)).data).toEqual({ object: 'email', id });
  });

  test('keys and domains', async () => {
    const made = await resend.apiKeys.create({ name: 'Shop', permission: 'full_access' });
    expect(made.data?.token).toMatch(/^mw_default_/);
    const id = made.data?.id ?? '';
    expect((await resend.apiKeys.list()).data).toMatchObject({ data: [{ id, name: 'Shop' }] });
    expect((await resend.apiKeys.remove(id)).error).toBeNull();
    const domains = await resend.domains.list();
    expect(domains.data).toMatchObject({ data: [{ name: 'mine.example', status: 'verified' }] });
  });

  test('errors come as they are', async () => {
    const { error } = await resend.emails.send({ ...MAIL, to: 'nobody' });
    expect(error).toMatchObject({
      name: 'validation_error',
      message: expect.stringContaining('Invalid `to` field.'),
    });
  });
});
