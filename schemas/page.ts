import * as z from 'zod';
import { GivenId } from './id.ts';

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;

/** A whole number in decimal, as text: `z.coerce` would read `''` as 0. */
const LIMIT = /^(?:[1-9][0-9]?|100)$/;

const fields = {
  limit: z
    .custom<string>(
      (text) => typeof text === 'string' && LIMIT.test(text),
      `A whole number from 1 to ${MAX_PAGE} is expected.`,
    )
    .meta({
      description: `How many items to answer, 1 to ${MAX_PAGE}. Default ${DEFAULT_PAGE}.`,
      override: { type: 'integer', minimum: 1, maximum: MAX_PAGE },
    })
    .exactOptional(),
  after: GivenId.meta({
    format: 'uuid',
    description: 'Answer items older than this id. Not together with `before`.',
  }).exactOptional(),
  before: GivenId.meta({
    format: 'uuid',
    description: 'Answer items newer than this id. Not together with `after`.',
  }).exactOptional(),
};

/** The query of every list: newest first, `after` walks to older items, `before` to newer. */
export const PageQuery = pageQuery({});

/** The query of a list that has filters of its own. */
export function pageQuery<Filters extends z.ZodRawShape>(filters: Filters) {
  return z.object({ ...fields, ...filters }).superRefine((query, context) => {
    const { after, before } = query as { after?: string; before?: string };
    if (after !== undefined && before !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['before'],
        message: '`after` and `before` exclude each other.',
      });
    }
  });
}

export interface PageRequest {
  readonly limit: number;
  readonly after: string | null;
  readonly before: string | null;
}

/** A validated page query as values. */
export function readPage(query: z.output<typeof PageQuery>): PageRequest {
  return {
    limit: query.limit === undefined ? DEFAULT_PAGE : Number(query.limit),
    after: query.after?.toLowerCase() ?? null,
    before: query.before?.toLowerCase() ?? null,
  };
}

/** True when the caller asked for no page: some lists answer everything then, because some SDKs cannot page them. */
export function isUnpaged(query: z.output<typeof PageQuery>): boolean {
  return query.limit === undefined && query.after === undefined && query.before === undefined;
}

/** `{object: "list", has_more, data}`. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    has_more: z.boolean().meta({ description: 'True when there are more items in the direction walked.' }),
    data: z.array(item),
  });
}
