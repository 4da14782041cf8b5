/**
 * The words that several rooms share about one delivery. Types only. Those that are printed on the wire are printed from
 * the schemas in `event.ts` and `email.ts`, which are held to these types.
 */

/** How far a connection got when an attempt ended. */
export type Phase =
  | 'claimed'
  | 'connect'
  | 'greeting'
  | 'tls'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body'
  | 'dot';

/** One reply of a relay. `response` is data from a stranger: control characters escaped, cut at 2 KB. */
export interface SmtpReply {
  readonly code: number;
  /** `5.1.1`, or null when the reply has none. */
  readonly enhancedCode: string | null;
  readonly response: string;
  readonly remoteHost: string | null;
  /** `TLSv1.3`, or null for a connection in the clear. */
  readonly tls: string | null;
}

export interface BounceDetail {
  readonly type: 'Permanent' | 'Transient' | 'Undetermined';
  readonly subType:
    | 'General'
    | 'NoEmail'
    | 'MailboxFull'
    | 'MessageTooLarge'
    | 'ContentRejected'
    | 'AttachmentRejected'
    | 'Undetermined';
  readonly message: string;
  /** One entry per recipient: `smtp; 550 5.1.1 user unknown`. */
  readonly diagnosticCode: readonly string[];
}

/** `delivered`, `bounced`, `complained`, `suppressed` at a simulated domain: handled inside, never relayed. */
export type Simulation = 'delivered' | 'bounced' | 'complained' | 'suppressed';

/** Refused for good. A reply makes it a bounce (`bounce` is set); without one the reason is our own, and it is `failed`. */
export interface FailedVerdict {
  readonly kind: 'failed';
  readonly phase: Phase;
  /** One word: `user_unknown`, `policy`, `too_large`, `protocol`, `smtputf8_unsupported`, … */
  readonly reason: string;
  readonly smtp: SmtpReply | null;
  readonly bounce: BounceDetail | null;
  /** True when the reply says that the address itself is wrong. */
  readonly suppress: boolean;
}

/** Failed for now; the attempt counts. */
export interface DeferredVerdict {
  readonly kind: 'deferred';
  readonly phase: Phase;
  readonly cause: string;
  readonly smtp: SmtpReply | null;
  /** Replaces a shorter delay by 5 to 10 minutes. */
  readonly greylisted: boolean;
  /** It broke before MAIL, so the next relay may be tried. */
  readonly elsewhere: boolean;
}

/** Concerns the relay or us, not the recipient: as before the claim, not counted. */
export interface BackVerdict {
  readonly kind: 'back';
  readonly phase: Phase;
  readonly cause: string;
  readonly retryInMs: number;
  readonly elsewhere: boolean;
}

/** What one attempt came to for one recipient. Decided by pure functions from the reply and the phase. */
export type Verdict =
  | { readonly kind: 'sent'; readonly smtp: SmtpReply }
  | FailedVerdict
  | DeferredVerdict
  /** The final dot was sent and no reply was read. */
  | { readonly kind: 'unknown'; readonly cause: string }
  | BackVerdict;

/** Bare words of the contract (section 8.1). */
export type LastEvent =
  | 'queued'
  | 'scheduled'
  | 'sent'
  | 'delivery_delayed'
  | 'delivered'
  | 'opened'
  | 'clicked'
  | 'bounced'
  | 'complained'
  | 'failed'
  | 'suppressed'
  | 'canceled';

export type EventType =
  | 'email.queued'
  | 'email.scheduled'
  | 'email.sent'
  | 'email.delivered'
  | 'email.delivery_delayed'
  | 'email.bounced'
  | 'email.complained'
  | 'email.failed'
  | 'email.suppressed'
  | 'email.canceled';

/** What GET /events lists beside the steps of mails. */
export type AccountEventType =
  | EventType
  | 'email.received'
  | 'suppression.added'
  | 'suppression.removed'
  | 'webhook.disabled';
