import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../schemas/error.ts';
import { errorBody } from '../../schemas/error-body.ts';
import { bodyRefusal, headerRefusal, parameterRefusal } from '../../schemas/first-refusal.ts';
import { printPath } from '../../schemas/issue.ts';
import type { Operation } from '../../schemas/operation.ts';
import { OPERATIONS, type OperationId } from '../../schemas/operations.ts';
import { readBatch } from '../../schemas/read-batch.ts';
import * as refusal from '../../schemas/refusal.ts';

describe('the wording of the contract, section 2.4', () => {
  test.each([
    [refusal.missingKey(), 401, 'missing_api_key', 'Missing API key in the authorization header.'],
    [refusal.badKey(), 403, 'invalid_api_key', 'API key is invalid'],
    [refusal.sendOnlyKey(), 401, 'restricted_api_key', 'This API key is restricted to only send emails'],
    [refusal.missingField('to'), 422, 'missing_required_field', 'Missing `to` field.'],
    [refusal.missingBodyPart(), 422, 'validation_error', 'Missing `html` or `text` field.'],
    [
      refusal.invalidAddress('to[1]'),
      422,
      'validation_error',
      'Invalid `to[1]` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.',
    ],
    [
      refusal.invalidAddress('from'),
      422,
      'invalid_from_address',
      'Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.',
    ],
    [
      refusal.domainNotVerified('x.com'),
      403,
      'validation_error',
      'The `x.com` domain is not verified. Please, add and verify your domain.',
    ],
    [
      refusal.keyBoundElsewhere('x.com'),
      403,
      'validation_error',
      'This API key is not allowed to send from the `x.com` domain.',
    ],
    [refusal.malformedId('id'), 422, 'invalid_parameter', 'The `id` must be a valid UUID.'],
    [refusal.notFound('Email'), 404, 'not_found', 'Email not found'],
    [refusal.notFound('API key'), 404, 'not_found', 'API key not found'],
    [refusal.unknownRoute(), 404, 'not_found', 'The requested endpoint does not exist.'],
    [refusal.wrongMethod(), 405, 'method_not_allowed', 'Method is not allowed for the requested path.'],
    [
      refusal.emptyAttachment('attachments[0].content'),
      422,
      'invalid_attachment',
      'The attachment content is empty.',
    ],
    [refusal.invalidField('permission', 'x'), 422, 'invalid_access', 'Invalid `permission` field. x'],
    [
      refusal.invalidIdempotencyKey(),
      400,
      'invalid_idempotency_key',
      'Invalid `Idempotency-Key` field. 1 to 256 visible characters are expected.',
    ],
    [
      refusal.rateExceeded(100, 1),
      429,
      'rate_limit_exceeded',
      'Too many requests. At most 100 requests per second are allowed.',
    ],
    [refusal.malformedBody('x'), 400, 'validation_error', 'The request body is not valid JSON. x'],
    [
      refusal.bodyTooLarge('45 MiB'),
      413,
      'validation_error',
      'The request body is too large. At most 45 MiB are allowed.',
    ],
    [
      refusal.unavailable(5),
      503,
      'application_error',
      'The service cannot accept requests right now. Nothing was accepted.',
    ],
  ])('%o', (given, status, name, message) => {
    expect(ERRORS[given.code]).toEqual({ status, name });
    expect(errorBody(given)).toEqual({
      statusCode: status,
      message,
      name,
      ...(given.field === undefined ? {} : { field: given.field }),
    });
  });
});

describe('paths', () => {
  test.each([
    [['to'], 'to'],
    [['attachments', 1, 'content'], 'attachments[1].content'],
    [[2, 'to', 0], '[2].to[0]'],
    [['headers', 'X-A'], 'headers.X-A'],
    [['headers', 'X A:\r\n'], 'headers["X A:\\r\\n"]'],
    [['headers', '\ud800'], 'headers["\ufffd"]'],
    [['headers', `X-${'a'.repeat(100_000)}`], `headers.X-${'a'.repeat(62)}…`],
  ])('%j is printed as %s, whatever a caller put into it', (path, printed) => {
    expect(printPath(path)).toBe(printed);
  });
});

function bodyOf(id: OperationId, body: unknown) {
  const schema = (OPERATIONS[id] as Operation).body;
  const parsed = schema?.safeParse(body);
  return parsed?.success === false ? bodyRefusal(parsed.error, body) : null;
}

describe('bodies that are not sends', () => {
  test.each<[OperationId, unknown, string, string, string | undefined]>([
    ['createApiKey', {}, 'missing_required_field', 'Missing `name` field.', 'name'],
    ['createApiKey', { name: '' }, 'missing_required_field', 'Missing `name` field.', 'name'],
    [
      'createApiKey',
      { name: 'x'.repeat(51) },
      'validation_error',
      'Invalid `name` field. At most 50 characters are allowed.',
      'name',
    ],
    [
      'createApiKey',
      { name: 'a\nb' },
      'validation_error',
      'Invalid `name` field. Line breaks and other control characters are not allowed.',
      'name',
    ],
    [
      'createApiKey',
      { name: 'x', permission: 'all' },
      'invalid_access',
      'Invalid `permission` field. `full_access` or `sending_access` is expected.',
      'permission',
    ],
    [
      'createApiKey',
      { name: 'x', domain_id: 'y' },
      'validation_error',
      'Invalid `domain_id` field. A UUID is expected.',
      'domain_id',
    ],
    ['createApiKey', [], 'validation_error', 'Invalid `body` field. An object is expected.', undefined],
    ['createApiKey', 'text', 'validation_error', 'Invalid `body` field. An object is expected.', undefined],
    ['updateEmail', { id: 'x' }, 'missing_required_field', 'Missing `scheduled_at` field.', 'scheduled_at'],
    [
      'createSuppression',
      { email: 7 },
      'validation_error',
      'Invalid `email` field. A string is expected.',
      'email',
    ],
    ['createSuppression', { email: '' }, 'missing_required_field', 'Missing `email` field.', 'email'],
    [
      'createSuppression',
      { email: 'a@b.example', expires_at: 'soon' },
      'validation_error',
      'Invalid `expires_at` field. An ISO 8601 time with `Z` or an offset is expected.',
      'expires_at',
    ],
    [
      'createSuppression',
      { email: 'a@b.example', note: 'x'.repeat(501) },
      'validation_error',
      'Invalid `note` field. At most 500 characters are allowed.',
      'note',
    ],
    [
      'addSuppressions',
      { emails: [] },
      'validation_error',
      'Invalid `emails` field. 1 to 100 entries are expected.',
      'emails',
    ],
    [
      'addSuppressions',
      { emails: ['a@b.example', 7] },
      'validation_error',
      'Invalid `emails[1]` field. A string is expected.',
      'emails[1]',
    ],
    [
      'addSuppressions',
      { emails: Array.from({ length: 101 }, () => 'a@b.example') },
      'validation_error',
      'Invalid `emails` field. 1 to 100 entries are expected.',
      'emails',
    ],
    [
      'removeSuppressions',
      {},
      'validation_error',
      'Invalid `emails` field. Exactly one of `emails` and `ids` is expected.',
      'emails',
    ],
    [
      'removeSuppressions',
      { emails: ['a@b.example'], ids: ['49a3999c-0ce1-4ea6-ab68-afcd6dc2e794'] },
      'validation_error',
      'Invalid `emails` field. Exactly one of `emails` and `ids` is expected.',
      'emails',
    ],
    [
      'removeSuppressions',
      { ids: ['x'] },
      'validation_error',
      'Invalid `ids[0]` field. A UUID is expected.',
      'ids[0]',
    ],
    ['sendRaw', {}, 'missing_required_field', 'Missing `raw` field.', 'raw'],
    ['sendRaw', { raw: '' }, 'missing_required_field', 'Missing `raw` field.', 'raw'],
    ['sendRaw', { raw: 7 }, 'validation_error', 'Invalid `raw` field. A string is expected.', 'raw'],
    [
      'sendRaw',
      { raw: 'eA==', from: 7 },
      'invalid_from_address',
      'Invalid `from` field. A string is expected.',
      'from',
    ],
  ])('%s %j', (id, body, code, message, field) => {
    expect(bodyOf(id, body)).toEqual({ code, message, ...(field === undefined ? {} : { field }) });
  });

  test.each<[OperationId, unknown]>([
    ['createApiKey', { name: '가'.repeat(50), unknown: 1 }],
    ['createSuppression', { email: 'a@b.example', expires_at: '2026-12-31T00:00:00+09:00' }],
    ['removeSuppressions', { ids: ['49A3999C-0CE1-4EA6-AB68-AFCD6DC2E794'] }],
    ['sendRaw', { raw: 'eA==', to: 'a@b.example' }],
  ])('%s takes %j', (id, body) => {
    expect(bodyOf(id, body)).toBeNull();
  });
});

describe('parameters and headers', () => {
  function queryOf(query: Record<string, string>) {
    const parsed = OPERATIONS.listSuppressions.query.safeParse(query);
    return parsed.success ? null : parameterRefusal(parsed.error);
  }

  test.each([
    [{ limit: '0' }, 'Invalid `limit` field. A whole number from 1 to 100 is expected.', 'limit'],
    [{ limit: '101' }, 'Invalid `limit` field. A whole number from 1 to 100 is expected.', 'limit'],
    [{ limit: '' }, 'Invalid `limit` field. A whole number from 1 to 100 is expected.', 'limit'],
    [{ limit: '1e1' }, 'Invalid `limit` field. A whole number from 1 to 100 is expected.', 'limit'],
    [{ limit: '010' }, 'Invalid `limit` field. A whole number from 1 to 100 is expected.', 'limit'],
    [{ after: 'x' }, 'The `after` must be a valid UUID.', 'after'],
    [{ before: '' }, 'The `before` must be a valid UUID.', 'before'],
    [{ origin: 'x' }, 'Invalid `origin` field. `bounce`, `complaint` or `manual` is expected.', 'origin'],
    [
      { after: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794', before: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794' },
      'Invalid `before` field. `after` and `before` exclude each other.',
      'before',
    ],
  ])('the query %j is refused', (query, message, field) => {
    expect(queryOf(query)).toEqual({ code: 'invalid_parameter', message, field });
  });

  test.each([{}, { limit: '1' }, { limit: '100', origin: 'manual' }])('the query %j is taken', (query) => {
    expect(queryOf(query)).toBeNull();
  });

  test('an id that is no UUID is said so', () => {
    const parsed = OPERATIONS.getEmail.params.safeParse({ id: "1' OR '1'='1" });
    expect(parsed.success ? null : parameterRefusal(parsed.error)).toEqual(refusal.malformedId('id'));
  });

  test('a batch mode nobody knows is refused by the name of its header', () => {
    const parsed = OPERATIONS.sendBatch.headers.safeParse({ 'x-batch-validation': 'loose' });
    expect(parsed.success ? null : headerRefusal(parsed.error)).toEqual({
      code: 'validation_error',
      message: 'Invalid `x-batch-validation` field. `strict` or `permissive` is expected.',
      field: 'x-batch-validation',
    });
  });
});

describe('a batch as a whole', () => {
  test.each([[[]], [{}], ['text'], [null], [Array.from({ length: 101 }, () => ({}))]])(
    'threats §6 r9: %j is refused',
    (body) => {
      expect(readBatch(body)).toEqual({
        ok: false,
        refusal: refusal.wrongBodyType('An array of 1 to 100 e-mails is expected.'),
      });
    },
  );

  test('a hundred items are taken, good or bad: each is judged for itself', () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    expect(readBatch(items)).toEqual({ ok: true, items });
  });
});
