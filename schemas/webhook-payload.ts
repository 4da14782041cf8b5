import * as z from 'zod';
import type { BounceDetail } from './delivery.ts';
import { DomainRecord, DomainSummary } from './domain.ts';
import { Id, Time } from './id.ts';
import { SmtpReply } from './smtp.ts';
import { ORIGINS } from './suppression.ts';
import type { FiredType } from './webhook-type.ts';

/**
 * What a webhook is sent (wire contract, section 12.1). Printed from here, and held against every text that is stored to be
 * sent: by a test, since nothing is checked again on its way out.
 */

const ours = (description: string) => ({ description: `Extension. ${description}`, 'x-extension': true });

/** On every payload, whatever it is about. */
const always = {
  test: z.literal(true).meta(ours('A sample that was asked for: nothing happened.')).exactOptional(),
  truncated: z
    .literal(true)
    .meta(ours('Shortened to stay below 20 KB; read the whole through the API.'))
    .exactOptional(),
};

/** What every outbound event says about its mail. */
const mail = {
  email_id: Id,
  message_id: z.string().meta({ description: 'The `Message-ID` of the message, with angle brackets.' }),
  created_at: Time.meta({ description: 'When the mail was accepted.' }),
  from: z.string().meta({ example: 'Shop <hello@example.com>' }),
  to: z.array(z.string()).meta({ description: 'The `to` of the message, whomever the event is about.' }),
  subject: z.string(),
  tags: z
    .record(z.string(), z.string())
    .meta({ description: 'By name. Absent when there are none.' })
    .exactOptional(),
  headers: z
    .array(z.object({ name: z.string(), value: z.string() }))
    .meta({ description: 'The custom headers. Absent when there are none.' })
    .exactOptional(),
};

/** The one recipient that an outbound event is about, and what a server said of it. */
const recipient = {
  recipient: z.string().meta({ ...ours('Whom it is about.'), example: 'ada@example.net' }),
  relay: z.string().meta(ours('The relay that carried the attempt.')).exactOptional(),
  smtp: SmtpReply.exactOptional().meta(ours('The reply behind it, where there is one.')),
  maybe_duplicate: z
    .literal(true)
    .meta(ours('The connection broke after the final dot: the message may arrive twice.'))
    .exactOptional(),
};

const Review = z
  .literal(true)
  .meta(
    ours(
      'At least the fifth soft bounce of this address within 14 days, without a delivery in between: somebody should look at it.',
    ),
  )
  .exactOptional();

const Bounce = z
  .object({
    type: z.enum(['Permanent', 'Transient', 'Undetermined'] satisfies BounceDetail['type'][]),
    subType: z.enum([
      'General',
      'NoEmail',
      'MailboxFull',
      'MessageTooLarge',
      'ContentRejected',
      'AttachmentRejected',
      'Undetermined',
    ] satisfies BounceDetail['subType'][]),
    message: z.string().meta({ example: '550 5.1.1 User unknown' }),
    diagnosticCode: z.array(z.string()).meta({ description: 'One entry per recipient.' }),
  })
  .meta({ id: 'BounceDetail' });

/** Of somebody who opened the mail or followed a link. */
const visit = { ipAddress: z.string(), timestamp: Time, userAgent: z.string() };
const Open = z.object(visit).meta({ id: 'OpenDetail' });
const Click = z.object({ ...visit, link: z.string() }).meta({ id: 'ClickDetail' });

const Failed = z
  .object({ reason: z.string().meta({ description: 'Why, in one word.', example: 'policy' }) })
  .meta({ id: 'FailedDetail' });

const Suppressed = z
  .object({
    type: z.enum(['Suppressed', 'OnAccountSuppressionList']),
    message: z.string(),
    reason: z
      .enum(['previous_bounce', 'previous_complaint'])
      .meta({ description: 'Absent when the address was listed by hand.' })
      .exactOptional(),
    diagnosticCode: z.array(z.string()),
  })
  .meta({ id: 'SuppressedDetail' });

const ReceivedAttachment = z
  .object({
    id: Id,
    filename: z.nullable(z.string()),
    content_type: z.string(),
    content_disposition: z.enum(['inline', 'attachment']),
    content_id: z.nullable(z.string()),
    download_url: z.string().meta(ours('With `include_body`.')).exactOptional(),
    expires_at: Time.meta(ours('With `include_body`: when the link ends.')).exactOptional(),
  })
  .meta({ id: 'ReceivedEventAttachment' });

/** On top for webhooks with `include_body`. */
const included = {
  text: z.nullable(z.string()).meta(ours('With `include_body`.')).exactOptional(),
  html: z.nullable(z.string()).meta(ours('With `include_body`.')).exactOptional(),
  headers: z
    .record(z.string(), z.string())
    .meta(ours('With `include_body`: lower-case names; repeated ones joined by a comma.'))
    .exactOptional(),
  in_reply_to: z.nullable(z.string()).meta(ours('With `include_body`.')).exactOptional(),
  references: z.array(z.string()).meta(ours('With `include_body`.')).exactOptional(),
  stripped_text: z
    .nullable(z.string())
    .meta(ours('With `include_body`: the reply without quotes and signature.'))
    .exactOptional(),
  mailbox_hash: z
    .nullable(z.string())
    .meta(ours('With `include_body`: the part after `+` of the first address that has one.'))
    .exactOptional(),
  raw: z
    .object({ download_url: z.string(), expires_at: Time })
    .meta(ours('With `include_body`: the exact bytes.'))
    .exactOptional(),
};

const ReceivedData = z
  .object({
    email_id: Id,
    created_at: Time.meta({ description: 'When the mail came in.' }),
    from: z.string(),
    to: z.array(z.string()),
    cc: z.array(z.string()),
    bcc: z.array(z.string()),
    received_for: z.array(z.string()).meta({ description: 'The addresses it was delivered to.' }),
    message_id: z.string(),
    subject: z.string(),
    attachments: z.array(ReceivedAttachment),
    ...included,
    ...always,
  })
  .meta({ id: 'ReceivedEventData' });

const { id, name, status, created_at, region, capabilities } = DomainSummary.shape;
const DomainData = z
  .object({ id, name, status, created_at, region, capabilities, records: z.array(DomainRecord), ...always })
  .meta({ id: 'DomainEventData' });

const SuppressionData = z
  .object({
    id: Id,
    email: z.string(),
    origin: z.enum(ORIGINS),
    source_id: z.nullable(Id).meta({ description: 'The e-mail behind it.' }),
    created_at: Time,
    ...always,
  })
  .meta({ id: 'SuppressionEventData' });

/** Of an outbound event, with what belongs to its type alone. */
function mailData<const Detail extends z.ZodRawShape>(id: string, detail: Detail) {
  return z.object({ ...mail, ...detail, ...recipient, ...always }).meta({ id });
}

const MailData = mailData('MailEventData', {});

/** `EmailDeliveryDelayed` for `email.delivery_delayed`: what names are made of. */
export function titleOf(type: FiredType): string {
  const words = type.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join('');
}

function payload<const Type extends FiredType, Data extends z.ZodObject>(type: Type, data: Data) {
  return z
    .object({
      type: z.literal(type),
      created_at: Time.meta({ description: 'When it happened.' }),
      data,
    })
    .meta({ id: `${titleOf(type)}Event` });
}

/** The payload of each type that is fired. */
export const PAYLOADS = {
  'email.sent': payload('email.sent', MailData),
  'email.scheduled': payload('email.scheduled', MailData),
  'email.delivered': payload('email.delivered', MailData),
  'email.delivery_delayed': payload('email.delivery_delayed', MailData),
  'email.complained': payload('email.complained', MailData),
  'email.bounced': payload('email.bounced', mailData('BouncedEventData', { bounce: Bounce, review: Review })),
  'email.opened': payload('email.opened', mailData('OpenedEventData', { open: Open.exactOptional() })),
  'email.clicked': payload('email.clicked', mailData('ClickedEventData', { click: Click })),
  'email.received': payload('email.received', ReceivedData),
  'email.failed': payload('email.failed', mailData('FailedEventData', { failed: Failed })),
  'email.suppressed': payload(
    'email.suppressed',
    mailData('SuppressedEventData', { suppressed: Suppressed }),
  ),
  'domain.created': payload('domain.created', DomainData),
  'domain.updated': payload('domain.updated', DomainData),
  'domain.deleted': payload('domain.deleted', DomainData),
  'suppression.added': payload('suppression.added', SuppressionData),
  'suppression.removed': payload('suppression.removed', SuppressionData),
} as const satisfies Record<FiredType, z.ZodObject>;

type Payloads = typeof PAYLOADS;
const EACH = Object.values(PAYLOADS) as readonly Payloads[FiredType][];
const [first, ...others] = EACH;
if (first === undefined) throw new Error('No type is fired');

/** Any of them, told apart by `type`. */
export const WebhookPayload = z
  .discriminatedUnion('type', [first, ...others])
  .meta({ id: 'WebhookPayload', description: 'The body of a call to a webhook, told apart by `type`.' });
