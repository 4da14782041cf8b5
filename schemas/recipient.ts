import * as z from 'zod';
import { Time } from './id.ts';
import { SmtpReply } from './smtp.ts';

export const RECIPIENT_STATES = [
  'queued',
  'sending',
  'deferred',
  'unknown',
  'sent',
  'delivered',
  'bounced',
  'complained',
  'failed',
  'suppressed',
  'canceled',
] as const;

/** What became of one address of the envelope. */
export const Recipient = z
  .object({
    recipient: z
      .string()
      .meta({ description: 'The address as it goes on the wire.', example: 'ada@example.net' }),
    state: z.enum(RECIPIENT_STATES).meta({
      description:
        '`unknown`: the connection broke after the final dot, so nobody can tell whether the relay has it.',
    }),
    attempts: z.int().nonnegative(),
    relay: z.nullable(z.string()).meta({ description: 'The relay of the last attempt.' }),
    reason: z
      .nullable(z.string())
      .meta({ description: 'Why it is not sent, in one word.', example: 'user_unknown' }),
    next_attempt_at: z.nullable(Time),
    maybe_duplicate: z.boolean(),
    smtp: z.nullable(SmtpReply).meta({ description: 'The last reply of a relay for this recipient.' }),
  })
  .meta({ id: 'Recipient' });
