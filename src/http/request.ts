import * as z from 'zod';
import type { Refusal } from '../../schemas/error.ts';
import { bodyRefusal, headerRefusal, parameterRefusal } from '../../schemas/first-refusal.ts';
import type { Operation } from '../../schemas/operation.ts';
import type { OperationId } from '../../schemas/operations.ts';
import { invalidParameter } from '../../schemas/refusal.ts';
import { tolerate } from '../../schemas/tolerance.ts';
import { RequestBody } from './body.ts';
import { parseJson } from './json.ts';

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

type Fields = Readonly<Record<string, unknown>>;
const NOTHING: Fields = {};

/** Path and query parameters, held against the table. */
export function readParameters(
  operation: Operation,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Reading<{ readonly params: Fields; readonly query: Fields }> {
  const path = parse(operation.params, params, parameterRefusal);
  if (!path.ok) return path;
  const lists = listsIn(operation.query);
  const asked = operation.query === undefined ? NOTHING : operation.query.shape;
  const repeated = Object.keys(asked).find((name) => !lists.has(name) && query.getAll(name).length > 1);
  // Of two values one reader takes the first and another the last.
  if (repeated !== undefined) {
    return { ok: false, refusal: invalidParameter(repeated, 'It must be given once.') };
  }
  const given = {
    ...Object.fromEntries(query),
    ...Object.fromEntries(
      [...lists].filter((name) => query.has(name)).map((name) => [name, query.getAll(name)]),
    ),
  };
  const parsed = parse(operation.query, given, parameterRefusal);
  return parsed.ok ? { ok: true, value: { params: path.value, query: parsed.value } } : parsed;
}

/** Parameters that the table lets stand more than once. */
function listsIn(schema: z.ZodObject | undefined): ReadonlySet<string> {
  const entries: readonly [string, z.ZodType][] = Object.entries(schema?.shape ?? {});
  return new Set(entries.filter(([, type]) => isList(type)).map(([name]) => name));
}

function isList(type: z.ZodType): boolean {
  return type instanceof z.ZodExactOptional ? isList(type.unwrap() as z.ZodType) : type instanceof z.ZodArray;
}

/** The request headers that the table names, under the spelling it names them by. */
export function readHeaders(schema: z.ZodObject, headers: Headers): Reading<Fields> {
  const given = Object.keys(schema.shape).flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return parse(schema, Object.fromEntries(given), headerRefusal);
}

function parse(
  schema: z.ZodObject | undefined,
  given: Fields,
  refusal: (error: z.ZodError) => Refusal,
): Reading<Fields> {
  if (schema === undefined) return { ok: true, value: NOTHING };
  const parsed = schema.safeParse(given);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, refusal: refusal(parsed.error) };
}

/** The body of a request that is not a send: bounded, guarded, tolerated, and held against the table. */
export async function readBody(
  id: OperationId,
  schema: z.ZodType,
  request: Request,
  cap: number,
): Promise<Reading<unknown>> {
  const body = new RequestBody(request, cap);
  await body.readSmall();
  const read = await body.finish();
  if (read.kind === 'refused') return { ok: false, refusal: read.refusal };
  const json = parseJson(read.bytes);
  if (!json.ok) return json;
  const tolerated = tolerate(id, json.value);
  const parsed = schema.safeParse(tolerated);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, refusal: bodyRefusal(parsed.error, tolerated) };
}
