import * as z from 'zod';
import { PAYLOADS, titleOf } from './webhook-payload.ts';
import { FIRED_TYPES, type FiredType } from './webhook-type.ts';

/** When each type is fired: one line, as a summary. */
const SUMMARIES: Readonly<Record<FiredType, string>> = {
  'email.sent': 'A relay took responsibility for a recipient',
  'email.scheduled': 'A mail was accepted for later',
  'email.delivered': 'The last server took the message',
  'email.delivery_delayed': 'A recipient was put off for the first time',
  'email.complained': 'A recipient called the message spam',
  'email.bounced': 'A recipient was refused for good, or given up',
  'email.opened': 'A recipient opened the message',
  'email.clicked': 'A recipient followed a link',
  'email.received': 'A mail came in',
  'email.failed': 'A message could not be sent, for a reason of our own',
  'email.suppressed': 'A recipient was left out: the address is on the suppression list',
  'domain.created': 'A domain was added',
  'domain.updated': 'A domain has changed',
  'domain.deleted': 'A domain was removed',
  'suppression.added': 'An address came onto the suppression list',
  'suppression.removed': 'An address left the suppression list',
};

/** A component of its own: every type has the same six. */
function header(id: string, description: string, example?: string) {
  return z.string().meta({ description, ...(example === undefined ? {} : { example }), param: { id } });
}

const ID =
  'The id of the event: the same on every retry and replay. Whoever has seen it may ignore the call.';
const TIMESTAMP = 'Unix seconds of this call. Refuse what is more than 300 s from now.';
const SIGNATURE =
  '`v1,` and the base64 HMAC-SHA256 of `{id}.{timestamp}.{body}`; several, separated by spaces, during a rotation.';

const SIGNATURE_HEADERS = z.object({
  'webhook-id': header('webhook-id', ID, 'msg_0199c3a1e5f27d0c8b4f5a6b7c8d9e0f'),
  'webhook-timestamp': header('webhook-timestamp', TIMESTAMP, '1771803672'),
  'webhook-signature': header('webhook-signature', SIGNATURE),
  'svix-id': header('svix-id', 'The same as `webhook-id`.'),
  'svix-timestamp': header('svix-timestamp', 'The same as `webhook-timestamp`.'),
  'svix-signature': header('svix-signature', 'The same as `webhook-signature`.'),
});

const DESCRIPTION =
  'Signed as in Standard Webhooks. Verify the bytes of the body as they came. Delivered at least once, in no order.';

const RESPONSES = {
  '2XX': { description: 'Taken. Any 2xx within 15 s.' },
  '410': { description: 'Gone: the webhook is disabled.' },
  default: {
    description:
      'Not taken, a redirect included: tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h.',
  },
} as const;

/** What is posted to webhooks, as the `webhooks` of OpenAPI 3.1. */
export function openapiWebhooks(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    FIRED_TYPES.map((type) => [
      type,
      {
        post: {
          operationId: `on${titleOf(type)}`,
          tags: ['Webhooks'],
          summary: SUMMARIES[type],
          description: DESCRIPTION,
          security: [],
          requestParams: { header: SIGNATURE_HEADERS },
          requestBody: { required: true, content: { 'application/json': { schema: PAYLOADS[type] } } },
          responses: RESPONSES,
        },
      },
    ]),
  );
}
