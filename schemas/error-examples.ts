import type { ErrorCode, Refusal } from './error.ts';
import * as refusal from './refusal.ts';

/** One likely case of each code, for the printed document: written by the same functions that answer. */
export const ERROR_EXAMPLES: Readonly<Record<ErrorCode, Refusal>> = {
  missing_api_key: refusal.missingKey(),
  invalid_api_key: refusal.badKey(),
  restricted_api_key: refusal.sendOnlyKey(),
  validation_error: refusal.invalidField('subject', 'At most 998 characters are allowed.'),
  malformed_body: refusal.malformedBody('It ends too early.'),
  domain_refused: refusal.domainNotVerified('example.com'),
  mail_refused: { code: 'mail_refused', message: 'No mail is received for this domain.' },
  link_refused: refusal.linkRefused(),
  unproved: refusal.unproved(),
  delivery_refused: { code: 'delivery_refused', message: 'Mail for `example.org` is not received here.' },
  too_large: refusal.bodyTooLarge('45 MiB'),
  missing_required_field: refusal.missingField('to'),
  invalid_parameter: refusal.malformedId('id'),
  invalid_from_address: refusal.invalidAddress('from'),
  invalid_attachment: refusal.emptyAttachment('attachments[0].content'),
  invalid_access: refusal.invalidField('permission', '`full_access` or `sending_access` is expected.'),
  invalid_idempotency_key: refusal.invalidIdempotencyKey(),
  invalid_idempotent_request: refusal.idempotentRequestDiffers(),
  concurrent_idempotent_requests: refusal.idempotentRequestRunning(),
  not_found: refusal.notFound('Email'),
  method_not_allowed: refusal.wrongMethod(),
  rate_limit_exceeded: refusal.rateExceeded(100, 1),
  application_error: refusal.internalError(),
  unavailable: refusal.unavailable(5),
};
