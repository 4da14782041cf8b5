import type {
  AccountEventRecord,
  DeliveryAnswer,
  DeliveryClaim,
  EventFilter,
  NewWebhook,
  WebhookAttemptRecord,
  WebhookEventRecord,
} from '../../../src/mailroom/webhook-records.ts';
import { type House, SENT } from './house.ts';

export const CALL_LEASE_MS = 60_000;

/** What is done with webhooks, over and over, in tests of a room. */
export function addWebhook(room: House, change: Partial<NewWebhook> = {}): string {
  const id = room.newId();
  const made = room.room.createWebhook({
    webhook: {
      id,
      endpoint: 'https://hooks.example.com/in',
      types: ['email.sent', 'email.bounced', 'email.failed', 'email.delivery_delayed'],
      sealedSecret: `sealed-${id}`,
      ...change,
    },
    now: room.now,
  });
  if (!made.ok) throw new Error(made.refusal.message);
  return id;
}

/** A mail that a relay has taken; answers its id. */
export function sentMail(room: House, change: Parameters<House['accepted']>[1] = {}): string {
  const id = room.accepted(undefined, change);
  room.settle(room.claimed(), SENT);
  return id;
}

export function calls(room: House, limit = 100): readonly DeliveryClaim[] {
  return room.room.claimDeliveries({ now: room.now, limit, leaseMs: CALL_LEASE_MS }).claims;
}

/** The one call that is due. */
export function oneCall(room: House): DeliveryClaim {
  const claims = calls(room);
  const [claim] = claims;
  if (claim === undefined || claims.length !== 1) throw new Error(`${claims.length} calls`);
  return claim;
}

export function answered(status: number, retryAfterMs: number | null = null): DeliveryAnswer {
  return { kind: 'answered', status, response: `said ${status}`, retryAfterMs };
}

export const OK = answered(200);
export const SILENCE: DeliveryAnswer = { kind: 'broken', status: 0, response: 'no answer' };

export function settleCall(
  room: House,
  { claimId }: DeliveryClaim,
  answer: DeliveryAnswer,
): ReturnType<House['room']['settleDelivery']> {
  return room.room.settleDelivery({ claimId, now: room.now, sentAt: room.now, answer });
}

const ALL = { limit: 100, after: null, before: null };

/** Newest first. */
export function sentTo(room: House, webhookId: string): readonly WebhookEventRecord[] {
  const page = room.room.webhookEvents({ webhookId, page: ALL });
  if (!page.ok) throw new Error(page.refusal.message);
  return page.value.items;
}

/** Newest first. */
export function triesOf(room: House, webhookId: string, eventId: string): readonly WebhookAttemptRecord[] {
  const page = room.room.webhookAttempts({ webhookId, eventId, page: ALL });
  if (!page.ok) throw new Error(page.refusal.message);
  return page.value.items;
}

export function payloadOf(claim: DeliveryClaim): {
  readonly type: string;
  readonly created_at: string;
  readonly data: Readonly<Record<string, unknown>>;
} {
  return JSON.parse(claim.payload);
}

/** Newest first. */
export function accountEvents(room: House, filter: Partial<EventFilter> = {}): readonly AccountEventRecord[] {
  const none = { type: null, emailId: null, recipient: null, tag: null, since: null, until: null };
  const page = room.room.events({ filter: { ...none, ...filter }, page: ALL });
  if (!page.ok) throw new Error(page.refusal.message);
  return page.value.items;
}
