/**
 * Every way the API says no: the one table that knows a status number.
 *
 * A code is finer than the `name` on the wire, because one name (`validation_error`) travels under
 * several statuses. Rooms hand refusals about as values; only the edge of `http` turns one into a response.
 */
export const ERRORS = {
  missing_api_key: { status: 401, name: 'missing_api_key' },
  invalid_api_key: { status: 403, name: 'invalid_api_key' },
  restricted_api_key: { status: 401, name: 'restricted_api_key' },
  validation_error: { status: 422, name: 'validation_error' },
  malformed_body: { status: 400, name: 'validation_error' },
  domain_refused: { status: 403, name: 'validation_error' },
  mail_refused: { status: 403, name: 'validation_error' },
  link_refused: { status: 403, name: 'validation_error' },
  unproved: { status: 401, name: 'validation_error' },
  delivery_refused: { status: 406, name: 'validation_error' },
  too_large: { status: 413, name: 'validation_error' },
  missing_required_field: { status: 422, name: 'missing_required_field' },
  invalid_parameter: { status: 422, name: 'invalid_parameter' },
  invalid_from_address: { status: 422, name: 'invalid_from_address' },
  invalid_attachment: { status: 422, name: 'invalid_attachment' },
  invalid_access: { status: 422, name: 'invalid_access' },
  invalid_idempotency_key: { status: 400, name: 'invalid_idempotency_key' },
  invalid_idempotent_request: { status: 409, name: 'invalid_idempotent_request' },
  concurrent_idempotent_requests: { status: 409, name: 'concurrent_idempotent_requests' },
  not_found: { status: 404, name: 'not_found' },
  method_not_allowed: { status: 405, name: 'method_not_allowed' },
  rate_limit_exceeded: { status: 429, name: 'rate_limit_exceeded' },
  application_error: { status: 500, name: 'application_error' },
  unavailable: { status: 503, name: 'application_error' },
} as const;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorName = (typeof ERRORS)[ErrorCode]['name'];
export type ErrorStatus = (typeof ERRORS)[ErrorCode]['status'];

/** A "no" as a value. `field` is the path of the offending input, such as `attachments[1].content` or `[2].to`. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  /** Whole seconds after which asking again makes sense; printed as `retry-after`. */
  readonly retryAfterSeconds?: number;
}
