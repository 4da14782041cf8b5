import * as z from 'zod';
import { GivenId, goneOf, Id, idParams, refOf, Time } from './id.ts';
import { listOf, pageQuery } from './page.ts';
import { WebhookPayload } from './webhook-payload.ts';
import { FIRED_TYPES, SILENT_TYPES } from './webhook-type.ts';

/** A caller's URL and the rule it breaks are a matter of the address policy; here it is only text. */
const Endpoint = z.string({ error: 'A URL is expected.' }).min(1, 'A URL is expected.').meta({
  description: 'Where events are posted: an https URL on the public internet. Redirects are not followed.',
  format: 'uri',
  example: 'https://example.com/webhooks/mail',
});

const NAMES = [...FIRED_TYPES, ...SILENT_TYPES] as const;

const TypeName = z.enum(NAMES, { error: `An event type is expected, such as \`email.bounced\`.` }).meta({
  id: 'WebhookEventType',
  description:
    'The types of `email.*`, `domain.*` and `suppression.*` are fired. The others are accepted, so that a list made for ' +
    'another service can stay as it is, and never come.',
});

const AS_ARRAY = { error: 'An array of event types is expected.' };
const COUNT_RULE = `1 to ${NAMES.length} event types are expected.`;

/** A repeated name is harmless. */
const Types = z
  .array(TypeName, AS_ARRAY)
  .min(1, COUNT_RULE)
  .max(NAMES.length, COUNT_RULE)
  .meta({ description: 'The types to be told of. A type that is not named never comes.' });

const Status = z.enum(['enabled', 'disabled'], { error: '`enabled` or `disabled` is expected.' });

const AS_OBJECT = { error: 'An object is expected.' };

const IncludeBody = z.boolean({ error: '`true` or `false` is expected.' }).meta({
  description:
    'Extension. Calls of `email.received` carry text, HTML, header and signed links to the files as well.',
  'x-extension': true,
});

export const CreateWebhook = z
  .object({ endpoint: Endpoint, events: Types, include_body: IncludeBody.exactOptional() }, AS_OBJECT)
  .meta({ id: 'CreateWebhook' });

export const UpdateWebhook = z
  .object(
    {
      endpoint: Endpoint.exactOptional(),
      events: Types.meta({ description: 'Replaces the list.' }).exactOptional(),
      status: Status.meta({
        description:
          '`disabled`: nothing is sent, and what waits is called off. `enabled`: earlier failures are forgotten.',
      }).exactOptional(),
      include_body: IncludeBody.exactOptional(),
    },
    AS_OBJECT,
  )
  .meta({ id: 'UpdateWebhook', description: 'What is left out stays as it is.' });

const SigningSecret = z.string().meta({
  'x-secret': true,
  description:
    '`whsec_` and the base64 of the signing key. Empty when it cannot be read any more because SECRET_KEY has changed: ' +
    'rotate it then.',
});

/** The secret beside the id: when it was made, and when it was rotated. */
export const WebhookSecret = z
  .object({ object: z.literal('webhook'), id: Id, signing_secret: SigningSecret })
  .meta({ id: 'WebhookSecret' });

const summary = {
  id: Id,
  endpoint: z.string(),
  events: z.array(TypeName),
  status: z.enum(['enabled', 'disabled']),
  created_at: Time,
  disabled_reason: z.nullable(z.enum(['by_request', 'gone', 'failing'])).meta({
    description:
      'Extension. Why it is disabled: `gone` when it answered 410, `failing` when nothing but failures came for five days.',
    'x-extension': true,
  }),
  disabled_at: z.nullable(Time).meta({ description: 'Extension.', 'x-extension': true }),
  include_body: IncludeBody,
};

export const WebhookSummary = z.object(summary).meta({ id: 'WebhookSummary' });

export const Webhook = z
  .object({ object: z.literal('webhook'), ...summary, signing_secret: SigningSecret })
  .meta({ id: 'Webhook' });

export const WebhookList = listOf(WebhookSummary).meta({ id: 'WebhookList' });
export const WebhookRef = refOf('webhook').meta({ id: 'WebhookRef' });
export const WebhookGone = goneOf('webhook').meta({ id: 'WebhookGone' });

/** `msg_` and opaque text: the only ids that are no UUIDs. */
const MessageId = z
  .string()
  .regex(/^msg_[A-Za-z0-9]+$/)
  .meta({ example: 'msg_0199c3a1e5f27d0c8b4f5a6b7c8d9e0f' });

const MAX_MESSAGE_ID = 64;
const GivenMessageId = z
  .string()
  .max(MAX_MESSAGE_ID)
  .regex(/^msg_[A-Za-z0-9]+$/, 'An id that begins with `msg_` is expected.');

const delivery = {
  id: MessageId,
  type: z.enum(FIRED_TYPES).meta({ id: 'FiredEventType' }),
  created_at: Time.meta({ description: 'When it happened.' }),
  status: z.enum(['pending', 'attempting', 'success', 'failed']).meta({
    id: 'WebhookEventStatus',
    description: '`pending`: not tried yet. `attempting`: tried, and to be tried again.',
  }),
};

export const WebhookEventSummary = z.object(delivery).meta({ id: 'WebhookEventSummary' });
export const WebhookEventList = listOf(WebhookEventSummary).meta({ id: 'WebhookEventList' });

export const WebhookEvent = z
  .object({
    object: z.literal('webhook_event'),
    ...delivery,
    next_attempt_at: z.nullable(Time),
    payload: WebhookPayload,
  })
  .meta({ id: 'WebhookEvent' });

export const WebhookEventRef = z
  .object({ object: z.literal('webhook_event'), id: MessageId })
  .meta({ id: 'WebhookEventRef' });

export const WebhookAttempt = z
  .object({
    id: Id,
    http_status_code: z.int().meta({ description: '0 when no HTTP answer came.', example: 503 }),
    response: z.string().meta({
      description: 'The first KB of the answer, or one sentence about why there was none.',
      example: 'The host gave no complete HTTPS answer in time.',
    }),
    sent_at: Time,
  })
  .meta({ id: 'WebhookAttempt' });

export const WebhookAttemptList = listOf(WebhookAttempt).meta({ id: 'WebhookAttemptList' });

export const TestWebhook = z
  .object(
    {
      type: z
        .enum(FIRED_TYPES, { error: 'An event type that is fired is expected, such as `email.bounced`.' })
        .meta({
          description: 'What to send a sample of. Default: the first type the webhook subscribes to.',
        })
        .exactOptional(),
    },
    AS_OBJECT,
  )
  .meta({ id: 'TestWebhook' });

export const WebhookParams = idParams('webhook');

export const WebhookEventParams = z.object({
  id: GivenId.meta({ format: 'uuid', description: 'The id of the webhook.' }),
  event_id: GivenMessageId.meta({ description: 'The id of the event: `webhook-id` of the call.' }),
});

/** Events are paged by their own ids. */
export const WebhookEventQuery = pageQuery({
  after: GivenMessageId.meta({
    description: 'Answer events older than this one. Not together with `before`.',
  }).exactOptional(),
  before: GivenMessageId.meta({
    description: 'Answer events newer than this one. Not together with `after`.',
  }).exactOptional(),
});
