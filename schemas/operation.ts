import type * as z from 'zod';
import type { ErrorCode } from './error.ts';

/** What an operation asks of the caller. `none` is listed by hand, with the reason, in the test that walks every route. */
export type Scope = 'none' | 'sending' | 'full';

/** One row of the table: data only. Routes, validation, `openapi.yaml` and tests are derived from it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** OpenAPI spelling: `/emails/{id}`. */
  readonly path: string;
  readonly scope: Scope;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** False when zero bytes and `{}` are as good as a body. */
  readonly bodyRequired?: boolean;
  /** Answers by status. `bytes` is for the few that are not JSON. */
  readonly answers: Readonly<Partial<Record<200 | 201, z.ZodType | { readonly mediaType: string }>>>;
  /** Beyond those every operation has (auth, rate, 500). */
  readonly errors: readonly ErrorCode[];
  readonly examples?: Readonly<Record<string, unknown>>;
}
