import { readPage } from '../../schemas/page.ts';
import type { KeyedHandlers } from './context.ts';
import { presentPage } from './present.ts';
import { presentAttempt, presentWebhookEvent, presentWebhookEventSummary } from './present-webhook.ts';

/** What was sent to a webhook, how that went, and once more. */
export const webhookEvents: Pick<
  KeyedHandlers,
  'listWebhookEvents' | 'getWebhookEvent' | 'replayWebhookEvent' | 'listWebhookAttempts'
> = {
  async listWebhookEvents({ params, query }, { room }) {
    const found = await room.webhookEvents({ webhookId: params.id.toLowerCase(), page: readPage(query) });
    return found.ok ? { status: 200, body: presentPage(found.value, presentWebhookEventSummary) } : found;
  },

  async getWebhookEvent({ params }, { room }) {
    const found = await room.webhookEvent(eventOf(params));
    return found.ok ? { status: 200, body: presentWebhookEvent(found.value) } : found;
  },

  async replayWebhookEvent({ params }, { room, parts, account, now }) {
    const replayed = await room.replayWebhookEvent({ ...eventOf(params), now });
    if (!replayed.ok) return replayed;
    parts.wake(account);
    return { status: 200, body: { object: 'webhook_event', id: replayed.value.id } };
  },

  async listWebhookAttempts({ params, query }, { room }) {
    const found = await room.webhookAttempts({ ...eventOf(params), page: readPage(query) });
    return found.ok ? { status: 200, body: presentPage(found.value, presentAttempt) } : found;
  },
};

function eventOf(params: { readonly id: string; readonly event_id: string }) {
  return { webhookId: params.id.toLowerCase(), eventId: params.event_id };
}
