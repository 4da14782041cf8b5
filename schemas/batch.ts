import * as z from 'zod';
import { DryRun } from './dry-run.ts';
import { EmailId, SendEmail } from './email.ts';
import { Id } from './id.ts';

export const MAX_BATCH = 100;
export const BATCH_MODES = ['strict', 'permissive'] as const;
export type BatchMode = (typeof BATCH_MODES)[number];

/** The body of `POST /emails/batch`. */
export const SendBatch = z
  .array(SendEmail, { error: 'An array of e-mails is expected.' })
  .min(1, 'At least one e-mail is expected.')
  .max(MAX_BATCH, `At most ${MAX_BATCH} e-mails are allowed.`)
  .meta({ id: 'SendBatch' });

export const BatchResult = z
  .object({
    index: z.int().nonnegative().meta({ description: 'Place in the request, from 0.' }),
    status: z.enum(['accepted', 'rejected']),
    id: Id.exactOptional(),
    name: z.string().meta({ description: 'The error name.' }).exactOptional(),
    message: z.string().exactOptional(),
  })
  .meta({ id: 'BatchResult', description: 'Extension. One entry per item of the request, in its order.' });

/** `errors` and `results` exist in permissive mode only, and always there. */
export const BatchAnswer = z
  .object({
    data: z
      .array(z.union([DryRun, EmailId]))
      .meta({ description: 'The accepted items, in the order of the request.' }),
    errors: z
      .array(z.object({ index: z.int().nonnegative(), message: z.string() }))
      .meta({ description: 'The refused items, in permissive mode.' })
      .exactOptional(),
    results: z
      .array(BatchResult)
      .meta({ description: 'Extension. Every item, in permissive mode.', 'x-extension': true })
      .exactOptional(),
  })
  .meta({ id: 'BatchAnswer' });
