import { describe, expect, test } from 'vitest';
import { readSend, type SendJudges } from '../../schemas/read-send.ts';
import { invalidAddress, invalidField } from '../../schemas/refusal.ts';
import { tolerate } from '../../schemas/tolerance.ts';

/** A stand-in for the mail grammar: enough to tell good from bad in these tests. */
const judges: SendJudges = {
  address: (text, field) => (/^[^@]+@[^@]+$/.test(text) ? null : invalidAddress(field)),
  scheduledAt: (text, field) => (text === 'never' ? invalidField(field, 'This is not a time.') : null),
  headers: (headers, hasReplyTo) => {
    if (Object.hasOwn(headers, 'From')) return { field: 'headers.From', rule: 'It cannot be set.' };
    return hasReplyTo && Object.hasOwn(headers, 'Reply-To')
      ? { field: 'headers.Reply-To', rule: 'It is given twice.' }
      : null;
  },
  attachments: ([first], field) =>
    first === undefined || first.content !== undefined ? null : invalidField(`${field}[0]`, 'No content.'),
};

const GOOD = { from: 'a@b.example', to: 'c@d.example', subject: 'Hello', text: 'Hello.' };

function refusalOf(change: Record<string, unknown>) {
  const body = tolerate('sendEmail', { ...GOOD, ...change });
  const result = readSend({ body, judges });
  return result.ok ? null : result.refusal;
}

const many = (count: number, text = 'c@d.example') => Array.from({ length: count }, () => text);
const ADDRESS_RULE =
  'The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.';

describe('a mail that is taken', () => {
  test.each([
    ['as it stands', {}],
    [
      'with lists of addresses',
      { to: ['c@d.example', 'e@f.example'], cc: [], bcc: ['g@h.example'], reply_to: 'i@j.example' },
    ],
    ['with fifty recipients', { to: many(50) }],
    ['with html alone', { text: null, html: '<p>Hello.</p>' }],
    ['with an empty text beside html: no text part', { text: '', html: '<p>Hello.</p>' }],
    ['with a subject of 998 characters that take two units each', { subject: '😀'.repeat(998) }],
    ['with a tab in its subject', { subject: 'a\tb' }],
    ['with control characters in its bodies, where they are only data', { text: '\0.\r\n', html: '\u000B' }],
    [
      'with nulls for what it does not have',
      { cc: null, headers: null, tags: null, topic_id: null, template: null },
    ],
    ['with keys nobody knows', { id: 'x', email_id: 'y', alternatives: [], raw: 'z' }],
    [
      'with seventy-five tags',
      { tags: Array.from({ length: 75 }, (_, index) => ({ name: `n${index}`, value: 'v' })) },
    ],
    ['with no attachments in a list', { attachments: [] }],
    ['with our switches', { dry_run: true, tls: 'enforced' }],
    ['with a Reply-To header and no reply_to', { headers: { 'Reply-To': 'x@y.example' }, reply_to: [] }],
  ])('%s', (_, change) => {
    expect(refusalOf(change)).toBeNull();
  });

  test('threats §4 r3: only listed keys travel on', () => {
    const result = readSend({ body: { ...GOOD, amp: 'x', disableFileAccess: false, raw: 'y' }, judges });
    expect(result.ok && result.email).toEqual(GOOD);
  });
});

describe('what is refused, with its message and its field', () => {
  test.each([
    [{ to: undefined }, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ to: null }, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ to: '' }, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ to: [] }, 'missing_required_field', 'Missing `to` field.', 'to'],
    [{ text: undefined }, 'validation_error', 'Missing `html` or `text` field.', 'html'],
    [{ text: '' }, 'validation_error', 'Missing `html` or `text` field.', 'html'],
    [{ subject: '' }, 'missing_required_field', 'Missing `subject` field.', 'subject'],
    [{ from: '' }, 'missing_required_field', 'Missing `from` field.', 'from'],
    [{ from: 'root' }, 'invalid_from_address', `Invalid \`from\` field. ${ADDRESS_RULE}`, 'from'],
    [{ from: 7 }, 'invalid_from_address', 'Invalid `from` field. A string is expected.', 'from'],
    [
      { from: ['a@b.example'] },
      'invalid_from_address',
      'Invalid `from` field. A string is expected.',
      'from',
    ],
    [{ to: 'root' }, 'validation_error', `Invalid \`to\` field. ${ADDRESS_RULE}`, 'to'],
    [{ to: ['a@b.example', ''] }, 'validation_error', `Invalid \`to[1]\` field. ${ADDRESS_RULE}`, 'to[1]'],
    [{ to: ['a@b.example', 7] }, 'validation_error', 'Invalid `to[1]` field. A string is expected.', 'to[1]'],
    [
      { to: { a: 1 } },
      'validation_error',
      'Invalid `to` field. A string or an array of strings is expected.',
      'to',
    ],
    [{ bcc: many(51) }, 'validation_error', 'Invalid `bcc` field. At most 50 addresses are allowed.', 'bcc'],
    [{ subject: 7 }, 'validation_error', 'Invalid `subject` field. A string is expected.', 'subject'],
    [
      { subject: 'x'.repeat(999) },
      'validation_error',
      'Invalid `subject` field. At most 998 characters are allowed.',
      'subject',
    ],
    [
      { subject: '😀'.repeat(999) },
      'validation_error',
      'Invalid `subject` field. At most 998 characters are allowed.',
      'subject',
    ],
    [
      { html: { href: 'https://x.example' } },
      'validation_error',
      'Invalid `html` field. A string is expected.',
      'html',
    ],
    [
      { html: 'x'.repeat(5 * 1024 * 1024 + 1) },
      'validation_error',
      'Invalid `html` field. At most 5 MiB are allowed.',
      'html',
    ],
    [
      { text: 'é'.repeat(2.5 * 1024 * 1024 + 1) },
      'validation_error',
      'Invalid `text` field. At most 5 MiB are allowed.',
      'text',
    ],
    [
      { text: 'half \ud800' },
      'validation_error',
      'Invalid `text` field. The text contains half of a surrogate pair.',
      'text',
    ],
    [
      { headers: ['X-A: 1'] },
      'validation_error',
      'Invalid `headers` field. An object of strings is expected.',
      'headers',
    ],
    [
      { headers: { 'X-A': 1 } },
      'validation_error',
      'Invalid `headers.X-A` field. A string is expected.',
      'headers.X-A',
    ],
    [
      { headers: { 'Reply-To': 'x@y.example' }, reply_to: 'z@y.example' },
      'validation_error',
      'Invalid `headers.Reply-To` field. It is given twice.',
      'headers.Reply-To',
    ],
    [{ tags: 'x' }, 'validation_error', 'Invalid `tags` field. An array is expected.', 'tags'],
    [
      { tags: [{ name: 'a b', value: 'c' }] },
      'validation_error',
      'Invalid `tags[0].name` field. 1 to 256 of the characters A-Z a-z 0-9 _ - are expected.',
      'tags[0].name',
    ],
    [
      {
        tags: [
          { name: 'a', value: 'b' },
          { name: 'a', value: 'c' },
        ],
      },
      'validation_error',
      'Invalid `tags[1].name` field. Tag names must be unique.',
      'tags[1].name',
    ],
    [
      { scheduled_at: 'never' },
      'validation_error',
      'Invalid `scheduled_at` field. This is not a time.',
      'scheduled_at',
    ],
    [
      { scheduled_at: 7 },
      'validation_error',
      'Invalid `scheduled_at` field. A string is expected.',
      'scheduled_at',
    ],
    [
      { scheduled_at: '' },
      'validation_error',
      'Invalid `scheduled_at` field. A time is expected.',
      'scheduled_at',
    ],
    [{ topic_id: 'x' }, 'validation_error', 'Invalid `topic_id` field. A UUID is expected.', 'topic_id'],
    [{ topic_id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794' }, 'not_found', 'Topic not found', 'topic_id'],
    [
      { attachments: [{}] },
      'invalid_attachment',
      'Invalid `attachments[0]` field. No content.',
      'attachments[0]',
    ],
    [
      { attachments: {} },
      'invalid_attachment',
      'Invalid `attachments` field. An array is expected.',
      'attachments',
    ],
    [
      { attachments: ['x'] },
      'invalid_attachment',
      'Invalid `attachments[0]` field. An object is expected.',
      'attachments[0]',
    ],
    [{ template: { id: 'welcome' }, text: undefined }, 'not_found', 'Template not found', 'template'],
    [
      { template: { id: 'welcome' } },
      'validation_error',
      'Invalid `template` field. `html` and `text` are not allowed beside a template.',
      'template',
    ],
    [
      { template: 'welcome', text: undefined },
      'validation_error',
      'Invalid `template` field. An object with `id` is expected.',
      'template',
    ],
    [
      { dry_run: 'yes' },
      'validation_error',
      'Invalid `dry_run` field. `true` or `false` is expected.',
      'dry_run',
    ],
    [{ tls: 'opportunistic' }, 'validation_error', 'Invalid `tls` field. Only `enforced` is allowed.', 'tls'],
  ])('%o', (change, code, message, field) => {
    expect(refusalOf(change)).toEqual({ code, message, field });
  });

  test.each([[null], [7], ['text'], [[]]])('a body that is no object: %o', (body) => {
    expect(readSend({ body, judges })).toEqual({
      ok: false,
      refusal: { code: 'validation_error', message: 'Invalid `body` field. An object is expected.' },
    });
  });
});

describe('the first failure wins, in the order of the contract', () => {
  /** Each change breaks one thing; a mail with this break and all the later ones is refused for this one. */
  const BREAKS: readonly (readonly [field: string, change: Record<string, unknown>])[] = [
    ['template', { template: { id: 'x' } }],
    ['to', { to: undefined }],
    ['html', { text: undefined }],
    ['subject', { subject: undefined }],
    ['from', { from: undefined }],
    ['from', { from: 'root' }],
    ['to[0]', { to: ['root'] }],
    ['cc[0]', { cc: ['root'] }],
    ['bcc', { bcc: 'root' }],
    ['reply_to', { reply_to: 'root' }],
    ['to', { to: many(51) }],
    ['cc', { cc: many(51) }],
    ['subject', { subject: 'a\nb' }],
    ['headers.From', { headers: { From: 'x@y.example' } }],
    ['tags', { tags: 'x' }],
    ['scheduled_at', { scheduled_at: 'never' }],
    ['topic_id', { topic_id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794' }],
    ['attachments[0]', { attachments: [{}] }],
  ];

  test.each(BREAKS.map(([field, change], index) => [index, field, change] as const))(
    'break %i is reported as %s before all later ones',
    (index, field, change) => {
      const later = Object.fromEntries(
        BREAKS.slice(index + 1)
          .toReversed()
          .flatMap(([, more]) => Object.entries(more)),
      );
      expect(refusalOf({ ...later, ...change })).toMatchObject({ field });
    },
  );
});

describe('hostile input', () => {
  test('threats §1 r9: a header named __proto__ reaches the policy as a header and pollutes nothing', () => {
    const asked: string[] = [];
    const body = tolerate('sendEmail', JSON.parse(`{"headers":{"__proto__":"x","constructor":"y"}}`));
    const listening: SendJudges = {
      ...judges,
      headers: (headers) => {
        asked.push(...Object.keys(headers));
        return null;
      },
    };
    const result = readSend({ body: { ...GOOD, ...(body as object) }, judges: listening });
    expect(asked).toEqual(['__proto__', 'constructor']);
    expect(result.ok && Object.keys(result.email.headers ?? {})).toEqual(asked);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test.each(['\r\nX-Injected: 1\r\n\r\nBODY', '\nX: 1', '\rX: 1', '\0\r\nX: 1'])(
    'threats §1 r1: %j in a subject is refused with its field',
    (text) => {
      expect(refusalOf({ subject: `x${text}` })).toMatchObject({
        code: 'validation_error',
        field: 'subject',
      });
    },
  );

  test.each(['\u000B', '\u000C', '\u001B', '\u007F', '\ud800'])(
    'threats §1 r2: %j in a subject is refused with its field',
    (text) => {
      expect(refusalOf({ subject: `x${text}` })).toMatchObject({
        code: 'validation_error',
        field: 'subject',
      });
    },
  );

  test('threats §3 r21: one string of 100,000 addresses is judged once, as one address', () => {
    let judged = 0;
    const counting: SendJudges = {
      ...judges,
      address: () => {
        judged += 1;
        return null;
      },
    };
    readSend({ body: { ...GOOD, to: 'a@b.example,'.repeat(100_000) }, judges: counting });
    expect(judged).toBe(2);
  });

  test('threats §6 r9: ten thousand attachments and seventy-six tags are refused by count', () => {
    const tags = Array.from({ length: 76 }, (_, index) => ({ name: `n${index}`, value: 'v' }));
    expect(refusalOf({ tags })).toMatchObject({
      field: 'tags',
      message: 'Invalid `tags` field. At most 75 tags are allowed.',
    });
    const attachments = Array.from({ length: 10_000 }, () => ({ content: 'YQ==' }));
    expect(refusalOf({ attachments })).toMatchObject({ code: 'invalid_attachment', field: 'attachments' });
  });

  test('threats §4 r2: a body part or a text that is an object is refused, not followed', () => {
    expect(refusalOf({ text: { path: '/etc/passwd' } })).toMatchObject({ field: 'text' });
  });
});
