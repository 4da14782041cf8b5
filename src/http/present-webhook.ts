import type * as z from 'zod';
import type {
  Webhook,
  WebhookAttempt,
  WebhookEvent,
  WebhookEventSummary,
  WebhookSummary,
} from '../../schemas/webhook.ts';
import type { WebhookPayload } from '../../schemas/webhook-payload.ts';
import type { WebhookAttemptRecord, WebhookEventRecord, WebhookRecord } from '../mailroom/webhook-records.ts';
import { time, timeOrNull } from './present.ts';

type Wire<Schema extends z.ZodType> = z.output<Schema>;

export function presentWebhookSummary(webhook: WebhookRecord): Wire<typeof WebhookSummary> {
  return {
    id: webhook.id,
    endpoint: webhook.endpoint,
    events: [...webhook.types],
    status: webhook.status,
    created_at: time(webhook.createdAt),
    disabled_reason: webhook.disabledReason,
    disabled_at: timeOrNull(webhook.disabledAt),
    include_body: webhook.includeBody,
  };
}

/** @param secret null when it cannot be opened any more: shown as empty, which no verifier takes for a key. */
export function presentWebhook(webhook: WebhookRecord, secret: string | null): Wire<typeof Webhook> {
  return { object: 'webhook', ...presentWebhookSummary(webhook), signing_secret: secret ?? '' };
}

export function presentWebhookEventSummary(event: WebhookEventRecord): Wire<typeof WebhookEventSummary> {
  return { id: event.id, type: event.type, created_at: time(event.createdAt), status: event.status };
}

export function presentWebhookEvent(
  event: WebhookEventRecord & { readonly payload: string },
): Wire<typeof WebhookEvent> {
  // The room wrote it, and the text that is sent is this one: a test holds every text against the schema.
  const payload: Wire<typeof WebhookPayload> = JSON.parse(event.payload);
  return {
    object: 'webhook_event',
    ...presentWebhookEventSummary(event),
    next_attempt_at: timeOrNull(event.nextAttemptAt),
    payload,
  };
}

export function presentAttempt(attempt: WebhookAttemptRecord): Wire<typeof WebhookAttempt> {
  const { id, statusCode, response, sentAt } = attempt;
  return { id, http_status_code: statusCode, response, sent_at: time(sentAt) };
}
