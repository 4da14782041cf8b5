import type * as z from 'zod';
import type { ErrorCode } from './error.ts';

/** What an operation asks of the caller. `none` is listed by hand, with the reason, in the test that walks every route. */
export type Scope = 'none' | 'sending' | 'full';

/** One row of the table: data only. Routes, validation, `openapi.yaml` and tests are derived from it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI spelling: `/emails/{id}`. */
  readonly path: string;
  readonly scope: Scope;
  /** With scope `none`: a full-access key, when one is given, shows more. */
  readonly keyOptional?: boolean;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Keys as they are printed; header names compare without case. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** False when zero bytes and `{}` are as good as a body. */
  readonly bodyRequired?: boolean;
  /** A media type under which the body may come as bytes instead of JSON; without `body`, nothing else is taken. */
  readonly bytesBody?: string;
  /** Answers by status. `mediaType` is for the few that are not JSON. */
  readonly answers: Readonly<Partial<Record<200 | 201, z.ZodType | BytesAnswer>>>;
  /** Beyond those that follow from scope, parameters and body: see `errorsOf`. */
  readonly errors: readonly ErrorCode[];
  /** Request bodies by name. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Success bodies by name; the first word of the name is no part of the contract. */
  readonly answerExamples?: Readonly<Record<string, unknown>>;
}

/** RFC 9110 §12.5.1: every media type there is. */
export const ANY_TYPE = '*/*';

export interface BytesAnswer {
  /** ANY_TYPE where each answer has a type of its own. */
  readonly mediaType: string;
  /** Extra response headers, name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Every code an operation may answer: its own, and those that scope, parameters and body bring along. */
export function errorsOf(operation: Operation): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(operation.errors);
  const add = (...more: readonly ErrorCode[]) => {
    for (const code of more) codes.add(code);
  };
  if (operation.scope !== 'none')
    add('missing_api_key', 'invalid_api_key', 'rate_limit_exceeded', 'unavailable');
  if (operation.scope === 'full') add('restricted_api_key');
  if (operation.params !== undefined || operation.query !== undefined) add('invalid_parameter');
  if (operation.body !== undefined) {
    add('malformed_body', 'too_large', 'missing_required_field', 'validation_error');
  }
  add('application_error');
  return [...codes];
}
