import type { AccountEventType } from '../../schemas/delivery.ts';
import type { FiredType, WebhookType } from '../../schemas/webhook-type.ts';
import type { Result } from './mailroom.ts';
import type { EventRecord, Page, PageOf } from './records.ts';

export interface NewWebhook {
  readonly id: string;
  /** Judged by the address policy already. */
  readonly endpoint: string;
  /** One at least, each once. */
  readonly types: readonly WebhookType[];
  /** The signing secret, sealed for this webhook's id: the room never sees it in the clear. */
  readonly sealedSecret: string;
  /** Calls of `email.received` carry text and links to files; false when it is left out. */
  readonly includeBody?: boolean;
}

export interface WebhookRecord extends NewWebhook {
  readonly includeBody: boolean;
  readonly status: 'enabled' | 'disabled';
  /** Why it was disabled: `by_request`, `gone` (it answered 410), `failing` (nothing but failures for five days); else null. */
  readonly disabledReason: DisabledReason | null;
  readonly disabledAt: number | null;
  readonly createdAt: number;
}

export type DisabledReason = 'by_request' | 'gone' | 'failing';

/** One event as one webhook sees it. */
export interface WebhookEventRecord {
  /** `msg_` and opaque text; the same over all tries, replays and webhooks. */
  readonly id: string;
  readonly type: FiredType;
  readonly createdAt: number;
  /** `pending`: not tried yet. `attempting`: it will be tried again at `nextAttemptAt`. */
  readonly status: DeliveryStatus;
  readonly nextAttemptAt: number | null;
}

export type DeliveryStatus = 'pending' | 'attempting' | 'success' | 'failed';

/** One try, newest first in lists. */
export interface WebhookAttemptRecord {
  readonly id: string;
  /** 0 when no HTTP answer came. */
  readonly statusCode: number;
  /** The start of the answer, at most 1 KB of a stranger's text, or a sentence of ours about why there was none. */
  readonly response: string;
  readonly sentAt: number;
}

/** All of them must hold. `recipient` compares without case. Times are milliseconds, both ends included. */
export interface EventFilter {
  readonly type: AccountEventType | null;
  readonly emailId: string | null;
  readonly recipient: string | null;
  readonly tag: { readonly name: string; readonly value: string } | null;
  readonly since: number | null;
  readonly until: number | null;
}

/** An event of the account. Those that are about no mail or no mailbox have null there. */
export interface AccountEventRecord extends Omit<EventRecord, 'type' | 'emailId' | 'recipient'> {
  readonly type: AccountEventType;
  readonly emailId: string | null;
  readonly recipient: string | null;
  /** For `webhook.disabled`; `reason` says why. */
  readonly webhookId: string | null;
}

/** One call that is to be made, under a lease. */
export interface DeliveryClaim {
  readonly claimId: string;
  readonly webhookId: string;
  readonly endpoint: string;
  readonly eventId: string;
  /** The exact text, in UTF-8 the exact bytes, of every call for this event. */
  readonly payload: string;
  /** Counts from 1; a replay begins again. */
  readonly attempt: number;
  /** Newest first; two or more during a rotation. All of them sign. */
  readonly sealedSecrets: readonly string[];
  readonly leaseUntil: number;
}

/** What came of a call. The room decides what follows. */
export type DeliveryAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The start of the body. */
      readonly response: string;
      /** From `Retry-After`, or null. */
      readonly retryAfterMs: number | null;
    }
  /** No answer, or not all of one in time. `status` is what had come; 0 for nothing. */
  | { readonly kind: 'broken'; readonly status: number; readonly response: string }
  /** We broke it off ourselves: due again now, uncounted. */
  | { readonly kind: 'withdrawn' };

export type DeliverySettled =
  | { readonly kind: 'settled'; readonly status: DeliveryStatus; readonly disabled: DisabledReason | null }
  /** Another claim has it, or it is gone. Nothing was changed. */
  | { readonly kind: 'stale' };

type Ref = { readonly id: string };

/** The verbs of a mailroom that concern webhooks and the account's events. */
export interface WebhookVerbs {
  createWebhook(call: { readonly webhook: NewWebhook; readonly now: number }): Result<WebhookRecord>;
  webhooks(call: { readonly page: Page }): Result<PageOf<WebhookRecord>>;
  webhook(call: Ref): WebhookRecord | null;
  /** What is left out stays. Disabling ends what waits as failed; enabling forgets the failures. */
  updateWebhook(
    call: Ref & {
      readonly endpoint?: string;
      readonly types?: readonly WebhookType[];
      readonly status?: WebhookRecord['status'];
      /** For events from now on. */
      readonly includeBody?: boolean;
      readonly now: number;
    },
  ): Result<Ref>;
  removeWebhook(call: Ref & { readonly now: number }): Result<Ref>;
  /** The new secret signs at once, the one before it for 24 h more. */
  rotateWebhookSecret(call: Ref & { readonly sealedSecret: string; readonly now: number }): Result<Ref>;

  webhookEvents(call: {
    readonly webhookId: string;
    readonly page: Page;
  }): Result<PageOf<WebhookEventRecord>>;
  webhookEvent(call: {
    readonly webhookId: string;
    readonly eventId: string;
  }): Result<WebhookEventRecord & { readonly payload: string }>;
  /** Sends a finished one again: same id, same bytes, a fresh schedule. */
  replayWebhookEvent(call: {
    readonly webhookId: string;
    readonly eventId: string;
    readonly now: number;
  }): Result<Ref>;
  webhookAttempts(call: {
    readonly webhookId: string;
    readonly eventId: string;
    readonly page: Page;
  }): Result<PageOf<WebhookAttemptRecord>>;
  /** A sample, marked `"test": true` in its data; null: of the first type that the webhook subscribes to. */
  testWebhook(call: Ref & { readonly type: FiredType | null; readonly now: number }): Result<Ref>;

  events(call: { readonly filter: EventFilter; readonly page: Page }): Result<PageOf<AccountEventRecord>>;

  /**
   * Takes due calls under a lease, webhooks in turns, at most two at once for each and one where the last call failed.
   * Also does what time alone brings: ends leases and suppressions. `nextAt` is when to look again, or null.
   */
  claimDeliveries(call: { readonly now: number; readonly limit: number; readonly leaseMs: number }): {
    readonly claims: readonly DeliveryClaim[];
    readonly nextAt: number | null;
  };
  settleDelivery(call: {
    readonly claimId: string;
    readonly now: number;
    /** When the call was begun. */
    readonly sentAt: number;
    readonly answer: DeliveryAnswer;
  }): DeliverySettled;
  /** The earliest moment at which `claimDeliveries` has something to do, or null. */
  nextDeliveryDue(call: { readonly now: number }): number | null;
}
