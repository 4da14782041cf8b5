import type * as z from 'zod';
import type { Refusal } from './error.ts';
import { findingsOf, isAbsent, printPath, valueAt } from './issue.ts';
import { invalidField, invalidParameter, malformedId, missingField, wrongBodyType } from './refusal.ts';

/** The first refusal of a body that its schema did not take, in the order of the schema's fields. */
export function bodyRefusal(error: z.ZodError, body: unknown): Refusal {
  const [finding] = findingsOf(error);
  if (finding === undefined || finding.path.length === 0) {
    return wrongBodyType(finding?.rule ?? 'A JSON object is expected.');
  }
  const field = printPath(finding.path);
  const isMissing = finding.path.length === 1 && isAbsent(valueAt(body, finding.path));
  // A rule of ours about several fields points at one of them, which may well be absent.
  if (isMissing && finding.kind !== 'rule') return missingField(field);
  return invalidField(field, finding.rule);
}

/** The first refusal of path or query parameters. */
export function parameterRefusal(error: z.ZodError): Refusal {
  const [issue] = error.issues;
  const field = printPath(issue?.path ?? []);
  if (issue?.code === 'invalid_format' && issue.format === 'guid') return malformedId(field);
  return invalidParameter(field, issue?.message ?? '');
}

/** The first refusal of request headers; the idempotency key has a check of its own, earlier. */
export function headerRefusal(error: z.ZodError): Refusal {
  const [issue] = error.issues;
  return invalidField(printPath(issue?.path ?? []), issue?.message ?? '');
}
