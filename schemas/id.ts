import * as z from 'zod';

/** Ids as we print them: lower-case UUID text, which .NET reads as a GUID. */
export const Id = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .meta({ format: 'uuid' });

/** Ids as callers give them: any UUID, whatever its version, in either case. */
export const GivenId = z.guid({ error: 'A UUID is expected.' }).meta({ format: 'uuid' });

/** Times as we print them: ISO 8601, UTC, milliseconds. */
export const Time = z.iso.datetime({ precision: 3 }).meta({ example: '2026-02-22T23:41:12.126Z' });

/** Times as a query gives them. */
export const GivenTime = z.iso.datetime({
  offset: true,
  error: 'An ISO 8601 time with `Z` or an offset is expected; a plus is written `%2B`.',
});

/** The one path parameter of `/things/{id}`. */
export function idParams(noun: string) {
  return z.object({ id: GivenId.meta({ format: 'uuid', description: `The id of the ${noun}.` }) });
}

/** `{object, id}`: what an action on a thing answers. */
export function refOf<const Noun extends string>(noun: Noun) {
  return z.object({ object: z.literal(noun), id: Id });
}

/** `{object, id, deleted}`: what a removal answers. */
export function goneOf<const Noun extends string>(noun: Noun) {
  return z.object({ object: z.literal(noun), id: Id, deleted: z.literal(true) });
}
