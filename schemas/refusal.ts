import type { ErrorCode, Refusal } from './error.ts';

/**
 * The words of every "no" that the contract fixes (section 2.4) or that more than one room says. Applications match on some
 * of these texts. `field` is a path such as `attachments[1].content`; the place in a batch is put before it later.
 */

const ADDRESS_RULE =
  'The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.';

export const missingKey = (): Refusal => ({
  code: 'missing_api_key',
  message: 'Missing API key in the authorization header.',
});

/** One text for unknown, revoked and malformed keys: a guesser learns nothing. */
export const badKey = (): Refusal => ({ code: 'invalid_api_key', message: 'API key is invalid' });

export const sendOnlyKey = (): Refusal => ({
  code: 'restricted_api_key',
  message: 'This API key is restricted to only send emails',
});

export const missingField = (field: string): Refusal => ({
  code: 'missing_required_field',
  message: `Missing \`${field}\` field.`,
  field,
});

export const missingBodyPart = (): Refusal => ({
  code: 'validation_error',
  message: 'Missing `html` or `text` field.',
  field: 'html',
});

export const invalidAddress = (field: string): Refusal => ({
  code: field === 'from' ? 'invalid_from_address' : 'validation_error',
  message: `Invalid \`${field}\` field. ${ADDRESS_RULE}`,
  field,
});

/** Everything without a text of its own. `rule` is one sentence that names the rule and the limit. */
export const invalidField = (field: string, rule: string, code: ErrorCode = codeFor(field)): Refusal => ({
  code,
  message: `Invalid \`${field}\` field. ${rule}`,
  field,
});

export const domainNotVerified = (domain: string, field = 'from'): Refusal => ({
  code: 'domain_refused',
  message: `The \`${domain}\` domain is not verified. Please, add and verify your domain.`,
  field,
});

export const keyBoundElsewhere = (domain: string, field = 'from'): Refusal => ({
  code: 'domain_refused',
  message: `This API key is not allowed to send from the \`${domain}\` domain.`,
  field,
});

export const malformedId = (parameter: string): Refusal => ({
  code: 'invalid_parameter',
  message: `The \`${parameter}\` must be a valid UUID.`,
  field: parameter,
});

export const invalidParameter = (parameter: string, rule: string): Refusal =>
  invalidField(parameter, rule, 'invalid_parameter');

export type Noun =
  | 'Email'
  | 'API key'
  | 'Domain'
  | 'Template'
  | 'Webhook'
  | 'Attachment'
  | 'Suppression'
  | 'Log'
  | 'Topic'
  | 'Route'
  | 'Link';

export const notFound = (noun: Noun, field?: string): Refusal => ({
  code: 'not_found',
  message: `${noun} not found`,
  ...(field === undefined ? {} : { field }),
});

/** The id after which a page was to begin is none of ours. */
export const unknownCursor = (field: 'after' | 'before'): Refusal =>
  invalidField(field, 'No item has this id.', 'validation_error');

export const unknownRoute = (): Refusal => ({
  code: 'not_found',
  message: 'The requested endpoint does not exist.',
});

export const wrongMethod = (): Refusal => ({
  code: 'method_not_allowed',
  message: 'Method is not allowed for the requested path.',
});

export const emptyAttachment = (field: string): Refusal => ({
  code: 'invalid_attachment',
  message: 'The attachment content is empty.',
  field,
});

/** One answer for links that are too old, altered, for another purpose, or made up. */
export const linkRefused = (): Refusal => ({
  code: 'link_refused',
  message: 'This link has expired or was altered.',
});

/** A call that comes in by a signed URL: one answer for a ticket and for a signature that is not right. */
export const unproved = (): Refusal => ({
  code: 'unproved',
  message: 'This URL or the signature of this call is not valid.',
});

export const malformedBody = (reason: string): Refusal => ({
  code: 'malformed_body',
  message: `The request body is not valid JSON. ${reason}`,
});

/** JSON, but not the kind of value this endpoint takes. */
export const wrongBodyType = (rule: string): Refusal => ({
  code: 'validation_error',
  message: `Invalid \`body\` field. ${rule}`,
});

export const bodyTooLarge = (limit: string): Refusal => ({
  code: 'too_large',
  message: `The request body is too large. At most ${limit} are allowed.`,
});

export const messageTooLarge = (limit: string, field?: string): Refusal => ({
  code: 'too_large',
  message: `The message is too large. At most ${limit} are allowed.`,
  ...(field === undefined ? {} : { field }),
});

export const invalidIdempotencyKey = (): Refusal => ({
  code: 'invalid_idempotency_key',
  message: 'Invalid `Idempotency-Key` field. 1 to 256 visible characters are expected.',
  field: 'Idempotency-Key',
});

export const idempotentRequestDiffers = (): Refusal => ({
  code: 'invalid_idempotent_request',
  message: 'This idempotency key was used for a different request within the last 24 hours.',
  field: 'Idempotency-Key',
});

export const idempotentRequestRunning = (): Refusal => ({
  code: 'concurrent_idempotent_requests',
  message: 'The first request with this idempotency key is still running.',
  field: 'Idempotency-Key',
});

export const rateExceeded = (limit: number, retryAfterSeconds: number): Refusal => ({
  code: 'rate_limit_exceeded',
  message: `Too many requests. At most ${limit} requests per second are allowed.`,
  retryAfterSeconds,
});

/** About the address that a request comes from, not about an account. */
export const tooManyWrongKeys = (retryAfterSeconds: number): Refusal => ({
  code: 'rate_limit_exceeded',
  message: 'Too many requests with a wrong API key came from this address.',
  retryAfterSeconds,
});

export const internalError = (): Refusal => ({
  code: 'application_error',
  message: 'Something went wrong on our side.',
});

export const unavailable = (retryAfterSeconds: number): Refusal => ({
  code: 'unavailable',
  message: 'The service cannot accept requests right now. Nothing was accepted.',
  retryAfterSeconds,
});

/** Some fields have an error name of their own (section 2.2). */
function codeFor(field: string): ErrorCode {
  if (field === 'from') return 'invalid_from_address';
  if (/^attachments\b/.test(field)) return 'invalid_attachment';
  return field === 'permission' ? 'invalid_access' : 'validation_error';
}
