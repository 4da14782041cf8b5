import { describe, expect, test } from 'vitest';
import { accepted, refusal } from './outcome.ts';

const ADDRESS_RULE =
  'The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.';

describe('the words of the contract', () => {
  test.each([
    [{ to: undefined }, 422, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ to: null }, 422, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ to: [] }, 422, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ html: undefined }, 422, 'validation_error', 'Missing `html` or `text` field.', 'html'],
    [{ html: '', text: '' }, 422, 'validation_error', 'Missing `html` or `text` field.', 'html'],
    [{ subject: undefined }, 422, 'missing_required_field', 'Missing `subject` field.', 'subject'],
    [{ subject: '' }, 422, 'missing_required_field', 'Missing `subject` field.', 'subject'],
    [{ from: '' }, 422, 'missing_required_field', 'Missing `from` field.', 'from'],
    [{ from: 'nobody' }, 422, 'invalid_from_address', `Invalid \`from\` field. ${ADDRESS_RULE}`, 'from'],
    [{ to: 'nobody' }, 422, 'validation_error', `Invalid \`to\` field. ${ADDRESS_RULE}`, 'to'],
    [
      { to: ['a@b.example', 'x'] },
      422,
      'validation_error',
      `Invalid \`to[1]\` field. ${ADDRESS_RULE}`,
      'to[1]',
    ],
    [{ cc: 'x' }, 422, 'validation_error', `Invalid \`cc\` field. ${ADDRESS_RULE}`, 'cc'],
    [{ bcc: ['x'] }, 422, 'validation_error', `Invalid \`bcc[0]\` field. ${ADDRESS_RULE}`, 'bcc[0]'],
    [
      { reply_to: ['x'] },
      422,
      'validation_error',
      `Invalid \`reply_to[0]\` field. ${ADDRESS_RULE}`,
      'reply_to[0]',
    ],
    [
      { from: 'a@foreign.example' },
      403,
      'validation_error',
      'The `foreign.example` domain is not verified. Please, add and verify your domain.',
      'from',
    ],
    [{ template: { id: 'welcome' }, html: undefined }, 404, 'not_found', 'Template not found', 'template'],
    [{ topic_id: crypto.randomUUID() }, 404, 'not_found', 'Topic not found', 'topic_id'],
  ])('%j', async (over, statusCode, name, message, field) => {
    expect(await refusal(over)).toEqual({ statusCode, name, message, field });
  });

  test.each([
    [{ to: undefined, html: undefined, subject: undefined, from: undefined }, 'to'],
    [{ html: undefined, subject: undefined, from: undefined }, 'html'],
    [{ subject: undefined, from: undefined }, 'subject'],
    [{ from: 'x', to: 'x', cc: 'x' }, 'from'],
    [{ to: 'x', cc: 'x', bcc: 'x' }, 'to'],
    [{ cc: 'x', reply_to: 'x' }, 'cc'],
    [{ reply_to: 'x', to: Array(51).fill('a@b.example') }, 'reply_to'],
    [{ subject: 'a\nb', headers: { From: 'x' }, tags: [{ name: '', value: '' }] }, 'subject'],
    [{ headers: { From: 'x' }, tags: [{ name: '', value: '' }] }, 'headers.From'],
    [{ tags: [{ name: 'a b', value: 'x' }], scheduled_at: 'soon' }, 'tags[0].name'],
    [{ scheduled_at: 'soon', topic_id: crypto.randomUUID() }, 'scheduled_at'],
  ])('the first of several mistakes is told: %j', async (over, field) => {
    expect(await refusal(over)).toMatchObject({ field });
  });

  test.each([
    [{ attachments: [] }],
    [{ attachments: null, headers: [], cc: null, bcc: [], reply_to: null, tags: [], topic_id: null }],
    [{ template: null, scheduled_at: null, text: null }],
  ])('what is empty is absent: %j', async (over) => {
    const { email } = await accepted(over);
    expect(email).toMatchObject({ cc: null, bcc: null, reply_to: null, topic_id: null, scheduled_at: null });
    expect(email).not.toHaveProperty('tags');
  });

  test('html and text take five mebibytes each, in bytes', async () => {
    const whole = 'x'.repeat(5 * 1024 * 1024);
    expect((await accepted({ text: whole })).email.text).toBe(whole);
    expect(await refusal({ text: `${whole}x` })).toMatchObject({ statusCode: 422, field: 'text' });
    expect(await refusal({ html: '한'.repeat(2 * 1024 * 1024) })).toMatchObject({
      statusCode: 422,
      field: 'html',
    });
  });

  test('a moment more than 30 days ahead, and one that is none, are refused', async () => {
    expect(await refusal({ scheduled_at: 'in 31 days' })).toMatchObject({
      statusCode: 422,
      message: 'Invalid `scheduled_at` field. It must not be more than 30 days ahead.',
    });
    expect(await refusal({ scheduled_at: 'whenever' })).toMatchObject({ field: 'scheduled_at' });
    expect(await refusal({ scheduled_at: 7 })).toMatchObject({ field: 'scheduled_at' });
  });
});
