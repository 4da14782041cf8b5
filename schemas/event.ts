import * as z from 'zod';
import type { AccountEventType, EventType } from './delivery.ts';
import { GivenId, GivenTime, Id, Time } from './id.ts';
import { listOf, pageQuery } from './page.ts';
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

export const ACCOUNT_EVENT_TYPES = [
  ...EVENT_TYPES,
  'email.received',
  'suppression.added',
  'suppression.removed',
  'webhook.disabled',
] as const satisfies readonly AccountEventType[];

const AccountEventName = z.enum(ACCOUNT_EVENT_TYPES, { error: 'An event type is expected.' }).meta({
  id: 'AccountEventType',
  description: 'The steps of mails, and what happened to the account itself.',
});

/** Anything that happened in the account. */
export const AccountEvent = z
  .object({
    ...EmailEvent.shape,
    type: AccountEventName,
    recipient: z.nullable(z.string()).meta({
      description: 'The address it is about, or null.',
      example: 'ada@example.com',
    }),
    email_id: z.nullable(Id).meta({ description: 'The mail it is about, or null.' }),
    webhook_id: z.nullable(Id).meta({ description: 'For `webhook.disabled`: which one.' }),
  })
  .meta({ id: 'AccountEvent' });

export const AccountEventList = listOf(AccountEvent).meta({ id: 'AccountEventList' });

/** Every filter that is given must hold. */
export const AccountEventQuery = pageQuery({
  type: AccountEventName.meta({ description: 'Only events of this type.' }).exactOptional(),
  email_id: GivenId.meta({ description: 'Only events of this mail.', format: 'uuid' }).exactOptional(),
  recipient: z
    .string()
    .min(1, 'An address is expected.')
    .meta({
      description: 'Only events about this address; case does not matter.',
      example: 'ada@example.com',
    })
    .exactOptional(),
  tag: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,256}:[A-Za-z0-9_-]{1,256}$/, '`name:value` is expected.')
    .meta({ description: 'Only events of mails with this tag: `name:value`.', example: 'kind:order' })
    .exactOptional(),
  since: GivenTime.meta({ description: 'Only events at this moment or later.' }).exactOptional(),
  until: GivenTime.meta({ description: 'Only events at this moment or earlier.' }).exactOptional(),
});
