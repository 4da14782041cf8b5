import * as z from 'zod';
import { ERRORS, type ErrorName, type Refusal } from './error.ts';

/** The names on the wire, each once, in the order of the table. */
export const ERROR_NAMES: readonly ErrorName[] = [
  ...new Set(Object.values(ERRORS).map(({ name }): ErrorName => name)),
];

/** Flat, three keys always: some SDKs judge by `statusCode` alone, others know only listed names. */
export const ErrorBody = z
  .object({
    statusCode: z.int().meta({ description: 'The HTTP status again.' }),
    message: z.string().min(1).meta({ description: 'One sentence for people.' }),
    name: z.enum(ERROR_NAMES).meta({ id: 'ErrorName', description: 'A stable word for programs.' }),
    field: z
      .string()
      .meta({
        description:
          'Extension. The path of the offending input, such as `attachments[1].content` or `[2].to`.',
        'x-extension': true,
      })
      .exactOptional(),
  })
  .meta({ id: 'ErrorBody', description: 'Every "no" has this shape.' });

/** A refusal as it goes on the wire. */
export function errorBody(refusal: Refusal): z.output<typeof ErrorBody> {
  const { status, name } = ERRORS[refusal.code];
  return {
    statusCode: status,
    message: refusal.message,
    name,
    ...(refusal.field === undefined ? {} : { field: refusal.field }),
  };
}
