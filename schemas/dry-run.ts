import * as z from 'zod';
import { Id } from './id.ts';

export const LINT_SEVERITIES = ['info', 'warning'] as const;

/** Something a reader or a spam filter may stumble over; never a reason to refuse. */
export const LintFinding = z
  .object({
    code: z.string().meta({ description: 'One word, stable.', example: 'missing_text' }),
    severity: z.enum(LINT_SEVERITIES),
    field: z
      .nullable(z.string())
      .meta({ description: 'The field it is about, if there is one.', example: 'text' }),
    message: z.string(),
  })
  .meta({ id: 'LintFinding' });

/** What a send would have done. */
export const DryRun = z
  .object({
    id: Id,
    object: z.literal('dry_run'),
    mime: z.string().meta({ description: 'The message as it would be sent.' }),
    size: z.int().nonnegative().meta({ description: 'Bytes of the message.' }),
    envelope: z.object({ from: z.string(), to: z.array(z.string()) }),
    lint: z.array(LintFinding),
  })
  .meta({
    id: 'DryRun',
    description: 'Answer of a dry run: nothing was stored or sent, the id names nothing.',
  });
