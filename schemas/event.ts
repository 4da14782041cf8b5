import * as z from 'zod';
import type { EventType } from './delivery.ts';
import { Id, Time } from './id.ts';
import { listOf } from './page.ts';
import { PhaseName, SmtpReply } from './smtp.ts';

export const EVENT_TYPES = [
  'email.queued',
  'email.scheduled',
  'email.sent',
  'email.delivered',
  'email.delivery_delayed',
  'email.bounced',
  'email.complained',
  'email.failed',
  'email.suppressed',
  'email.canceled',
] as const satisfies readonly EventType[];

export const EventName = z.enum(EVENT_TYPES).meta({
  id: 'EventType',
  description:
    'What happened. `email.sent`: a relay took responsibility. `email.delivered`: the last server took the message.',
});

/** One step of one recipient. */
export const EmailEvent = z
  .object({
    id: Id,
    type: EventName,
    created_at: Time,
    recipient: z.string().meta({ example: 'ada@example.com' }),
    attempt: z.int().meta({ description: 'Counts from 1; 0 before the first attempt.', example: 1 }),
    relay: z.nullable(z.string()).meta({ description: 'The relay that carried the attempt.' }),
    phase: z.nullable(PhaseName),
    smtp: z.nullable(SmtpReply),
    next_attempt_at: z.nullable(Time),
    maybe_duplicate: z.boolean().meta({
      description: 'True when the connection broke after the final dot and the message may arrive twice.',
    }),
    reason: z.nullable(z.string()).meta({
      description: 'Why, in one word, for bounced, failed and suppressed.',
      example: 'user_unknown',
    }),
  })
  .meta({ id: 'EmailEvent' });

export const EmailEventList = listOf(EmailEvent).meta({ id: 'EmailEventList' });
