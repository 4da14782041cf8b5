import * as z from 'zod';
import { Address, Addresses, AddressList, OptionalAddresses } from './address.ts';
import { Attachments } from './attachment.ts';
import type { LastEvent } from './delivery.ts';
import { CustomHeaders } from './header.ts';
import { GivenId, goneOf, Id, refOf, Time } from './id.ts';
import { listOf } from './page.ts';
import { Recipient } from './recipient.ts';
import { Tag, Tags } from './tag.ts';
import { CLEAN_TEXT_RULE, hasAtMostBytes, hasAtMostCharacters, isCleanText } from './text.ts';

export const MAX_SUBJECT_CHARACTERS = 998;
/** Each of html and text, in bytes of UTF-8. */
export const MAX_PART_BYTES = 5 * 1024 * 1024;
export const MAX_SCHEDULE_TEXT = 100;

const AS_TEXT = { error: 'A string is expected.' };

const Subject = z
  .string(AS_TEXT)
  .refine((text) => hasAtMostCharacters(text, MAX_SUBJECT_CHARACTERS), {
    error: `At most ${MAX_SUBJECT_CHARACTERS} characters are allowed.`,
  })
  .refine(isCleanText, CLEAN_TEXT_RULE)
  .meta({ minLength: 1, maxLength: MAX_SUBJECT_CHARACTERS });

const Part = z
  .string(AS_TEXT)
  .refine((text) => hasAtMostBytes(text, MAX_PART_BYTES), 'At most 5 MiB are allowed.')
  .refine((text) => text.isWellFormed(), 'The text contains half of a surrogate pair.');

/** A moment as callers write it: resolved once, at acceptance. */
export const ScheduleText = z
  .string(AS_TEXT)
  .min(1, 'A time is expected.')
  .max(MAX_SCHEDULE_TEXT, `At most ${MAX_SCHEDULE_TEXT} characters are allowed.`)
  .meta({
    description:
      'When to send: ISO 8601 (`Z`, an offset, or none for UTC) or English such as `in 1 hour`, `tomorrow at 9am`, ' +
      '`Friday at 3pm ET`. At most 30 days ahead; a past moment means now.',
    example: '2026-02-22T23:41:12.126Z',
  });

/** Switches of ours, on every send. Each is also a request header, for SDKs that drop keys they do not know. */
export const SEND_SWITCHES = {
  dry_run: z
    .boolean({ error: '`true` or `false` is expected.' })
    .meta({ description: 'Extension. Validate and compose, store and send nothing.', 'x-extension': true })
    .exactOptional(),
  tls: z
    .literal('enforced', { error: 'Only `enforced` is allowed.' })
    .meta({
      description:
        'Extension. Never hand this mail to a relay without verified TLS; it fails with `tls_required` instead.',
      'x-extension': true,
    })
    .exactOptional(),
};

const TemplateUse = z
  .object(
    {
      id: z.string(AS_TEXT).min(1, 'An id or an alias is expected.'),
      variables: z
        .custom<Readonly<Record<string, unknown>>>()
        .meta({ override: { type: 'object' } })
        .exactOptional(),
    },
    { error: 'An object with `id` is expected.' },
  )
  .meta({ description: 'Not available yet: answered with 404.' });

/** The body of `POST /emails`, and each item of a batch. */
export const SendEmail = z
  .object(
    {
      from: Address.meta({
        description: 'One mailbox of a sender domain.',
        example: 'Mailwright <hello@example.com>',
      }),
      to: Addresses.meta({ description: '1 to 50 mailboxes.', example: ['ada@example.net'] }),
      subject: Subject.meta({ minLength: 1, maxLength: MAX_SUBJECT_CHARACTERS, example: 'Your order 4711' }),
      html: Part.meta({
        description: 'HTML, up to 5 MiB. At least one of `html` and `text` is needed.',
      }).exactOptional(),
      text: Part.meta({
        description:
          'Plain text, up to 5 MiB. Absent: made from `html`. An empty string beside `html`: no text part.',
      }).exactOptional(),
      cc: OptionalAddresses.exactOptional(),
      bcc: OptionalAddresses.meta({
        description: 'In the envelope only, never in the message.',
      }).exactOptional(),
      reply_to: OptionalAddresses.exactOptional(),
      headers: CustomHeaders.exactOptional(),
      attachments: Attachments.exactOptional(),
      tags: Tags.exactOptional(),
      scheduled_at: ScheduleText.exactOptional(),
      template: TemplateUse.exactOptional(),
      topic_id: GivenId.meta({
        format: 'uuid',
        description: 'No topics exist yet: answered with 404.',
      }).exactOptional(),
      ...SEND_SWITCHES,
      unsubscribe: z
        .boolean({ error: '`true` or `false` is expected.' })
        .meta({
          description:
            'Extension. Adds a signed one-click link (`List-Unsubscribe`, RFC 8058): whoever follows it is put on the ' +
            'suppression list. For mail to exactly one recipient in all of `to`, `cc` and `bcc`.',
          'x-extension': true,
        })
        .exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({ id: 'SendEmail' });

/** `{id}` and nothing else. */
export const EmailId = z.object({ id: Id }).meta({ id: 'EmailId' });

export const LAST_EVENTS = [
  'queued',
  'scheduled',
  'sent',
  'delivery_delayed',
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'complained',
  'failed',
  'suppressed',
  'canceled',
] as const satisfies readonly LastEvent[];

const summary = {
  id: Id,
  message_id: z.string().meta({ description: 'The `Message-ID` of the message, with angle brackets.' }),
  from: z.string(),
  to: AddressList,
  cc: z.nullable(AddressList),
  bcc: z.nullable(AddressList),
  reply_to: z.nullable(AddressList),
  subject: z.string(),
  topic_id: z.nullable(Id),
  scheduled_at: z.nullable(Time),
  created_at: Time,
  last_event: z.enum(LAST_EVENTS).meta({
    id: 'LastEvent',
    description: 'The state of the whole mail. With several recipients the worst final outcome wins.',
  }),
};

export const EmailSummary = z.object(summary).meta({ id: 'EmailSummary' });

export const Email = z
  .object({
    object: z.literal('email'),
    ...summary,
    html: z.nullable(z.string()),
    text: z.nullable(z.string()).meta({ description: 'As sent, a text made from `html` included.' }),
    tags: z.array(Tag).exactOptional(),
    recipients: z.array(Recipient).meta({
      description: 'Extension. What happened for each recipient of the envelope.',
      'x-extension': true,
    }),
  })
  .meta({ id: 'Email' });

export const EmailList = listOf(EmailSummary).meta({ id: 'EmailList' });

/** Other keys are ignored: SDKs put the id in here. */
export const UpdateEmail = z
  .object({ scheduled_at: ScheduleText }, { error: 'An object is expected.' })
  .meta({ id: 'UpdateEmail' });

export const EmailRef = refOf('email').meta({ id: 'EmailRef' });
export const EmailGone = goneOf('email').meta({ id: 'EmailGone' });
