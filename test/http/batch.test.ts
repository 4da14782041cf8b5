import { describe, expect, test } from 'vitest';
import { house, mail } from './house.ts';

const PERMISSIVE = { 'x-batch-validation': 'permissive' };
const STRICT = { 'x-batch-validation': 'strict' };

describe('a strict batch', () => {
  test.each([[{}], [STRICT]])('answers one id per mail, in order, and no errors (%j)', async (headers) => {
    const it = house();
    const subjects = ['one', 'two', 'three'];
    const body = subjects.map((subject) => mail({ subject }));
    const { status, body: answer } = await it.call('POST', '/emails/batch', { body, headers });
    expect(status).toBe(200);
    expect(Object.keys(answer)).toEqual(['data']);
    const read = await Promise.all(
      answer.data.map(async ({ id }: { id: string }) => (await it.call('GET', `/emails/${id}`)).body.subject),
    );
    expect(read).toEqual(subjects);
    expect(it.verbs.filter((verb) => verb === 'accept')).toHaveLength(1);
  });

  test.each([
    [{ to: 'x' }, 422, 'validation_error', '[1].to'],
    [{ to: ['a@b.example', 'x'] }, 422, 'validation_error', '[1].to[1]'],
    [{ from: 'x' }, 422, 'invalid_from_address', '[1].from'],
    [{ subject: undefined }, 422, 'missing_required_field', '[1].subject'],
    [{ headers: { From: 'x' } }, 422, 'validation_error', '[1].headers.From'],
    [{ from: 'a@foreign.example' }, 403, 'validation_error', '[1].from'],
    [{ attachments: [{ content: '!' }] }, 422, 'invalid_attachment', '[1].attachments[0].content'],
  ])('stores nothing when one mail is bad, and says which: %j', async (over, statusCode, name, field) => {
    const it = house();
    const body = [mail(), mail(over), mail({ to: 'y' })];
    const { body: refused } = await it.call('POST', '/emails/batch', { body, headers: STRICT });
    expect(refused).toMatchObject({ statusCode, name, field });
    if (refused.message.startsWith('Invalid')) expect(refused.message).toContain(`\`${field}\``);
    expect((await it.call('GET', '/emails')).body.data).toEqual([]);
    expect(it.woken).toEqual([]);
  });

  test('each mail keeps its own mailboxes, whatever others of the batch share with it', async () => {
    const it = house();
    const [shared, other] = ['Ann <ann@customer.example>', 'Ben <ann@customer.example>'];
    const body = [
      mail({ to: shared }),
      mail({ to: other, cc: shared }),
      mail({ to: [shared, 'c@customer.example'] }),
    ];
    const { body: answer } = await it.call('POST', '/emails/batch', { body, headers: STRICT });
    const read = await Promise.all(
      answer.data.map(async ({ id }: { id: string }) => {
        const { to, cc } = (await it.call('GET', `/emails/${id}`)).body;
        return [to, cc];
      }),
    );
    expect(read).toEqual([
      [[shared], null],
      [[other], [shared]],
      [[shared, 'c@customer.example'], null],
    ]);
  });

  test('the first bad mail in the order of the array is told, whatever is wrong with it', async () => {
    const it = house();
    const body = [mail({ from: 'a@foreign.example' }), mail({ to: 'x' })];
    expect((await it.call('POST', '/emails/batch', { body })).body).toMatchObject({ field: '[0].from' });
  });
});

describe('a permissive batch', () => {
  test('accepts the good and reports the bad, each with its place', async () => {
    const it = house();
    const body = [mail(), mail({ to: 'x' }), mail({ from: 'a@foreign.example' }), mail(), 7];
    const { status, body: answer } = await it.call('POST', '/emails/batch', { body, headers: PERMISSIVE });
    expect(status).toBe(200);
    expect(answer.data).toHaveLength(2);
    expect(answer.errors.map(({ index }: { index: number }) => index)).toEqual([1, 2, 4]);
    expect(answer.errors[0].message).toMatch(/^Invalid `to` field\./);
    expect(answer.results).toMatchObject([
      { index: 0, status: 'accepted', id: answer.data[0].id },
      { index: 1, status: 'rejected', name: 'validation_error' },
      { index: 2, status: 'rejected', name: 'validation_error' },
      { index: 3, status: 'accepted', id: answer.data[1].id },
      { index: 4, status: 'rejected', name: 'validation_error' },
    ]);
    expect((await it.call('GET', '/emails')).body.data).toHaveLength(2);
  });

  test('always has its errors, also when there are none, and when there is nothing else', async () => {
    const it = house();
    const good = await it.call('POST', '/emails/batch', { body: [mail()], headers: PERMISSIVE });
    expect(good.body.errors).toEqual([]);
    const bad = await it.call('POST', '/emails/batch', { body: [{}], headers: PERMISSIVE });
    expect(bad.status).toBe(200);
    expect(bad.body.data).toEqual([]);
    expect(bad.body.errors).toHaveLength(1);
  });
});

test.each([[[]], [{}], [{ '0': mail() }], [Array(101).fill(mail())], [undefined]])(
  'what is no list of 1 to 100 is refused',
  async (body) => {
    const it = house();
    const refused = await it.call('POST', '/emails/batch', { body });
    expect(refused.body).toMatchObject({ statusCode: 422, name: 'validation_error' });
    expect(refused.body.message).toContain('1 to 100');
  },
);

test('another mode than the two is refused', async () => {
  const it = house();
  const headers = { 'x-batch-validation': 'lenient' };
  const refused = await it.call('POST', '/emails/batch', { body: [mail()], headers });
  expect(refused.body).toMatchObject({
    statusCode: 422,
    name: 'validation_error',
    field: 'x-batch-validation',
  });
});

test('items may be scheduled, tagged and large, each by itself', async () => {
  const it = house();
  const body = [
    mail({ scheduled_at: 'in 1 hour' }),
    mail({ tags: [{ name: 'a', value: 'b' }] }),
    mail({ text: 'x'.repeat(300_000) }),
  ];
  const { body: answer } = await it.call('POST', '/emails/batch', { body });
  const [scheduled, tagged, large] = await Promise.all(
    answer.data.map(async ({ id }: { id: string }) => (await it.call('GET', `/emails/${id}`)).body),
  );
  expect(scheduled).toMatchObject({ last_event: 'scheduled', scheduled_at: '2026-02-20T15:00:00.000Z' });
  expect(tagged.tags).toEqual([{ name: 'a', value: 'b' }]);
  expect(large.text).toHaveLength(300_000);
  expect(it.store.keys()).toHaveLength(1);
});

test('an object is not stored for a mail that is refused', async () => {
  const it = house();
  const large = mail({ text: 'x'.repeat(300_000), from: 'a@foreign.example' });
  await it.call('POST', '/emails', { body: large });
  await it.call('POST', '/emails/batch', { body: [large], headers: PERMISSIVE });
  await it.call('POST', '/emails/batch', { body: [mail({ text: 'x'.repeat(300_000) }), mail({ to: 'x' })] });
  const bound = await it.newKey({ domain: 'other.example' });
  await it.call('POST', '/emails', { body: mail({ text: 'x'.repeat(300_000) }), key: bound });
  expect(it.store.keys()).toHaveLength(0);
});
