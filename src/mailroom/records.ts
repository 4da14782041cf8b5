import type {
  BounceDetail,
  EventType,
  LastEvent,
  Phase,
  Simulation,
  SmtpReply,
  Verdict,
} from '../../schemas/delivery.ts';
import type { AttachmentRecord } from './attachment-records.ts';

/** One mailbox. `address` is canonical: A-label domain in lower case after UTS-46; the local part as given. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** A mailbox beside the text it was given as, trimmed: the wire echoes what was given. */
export interface GivenMailbox extends Mailbox {
  readonly given: string;
}

/**
 * What will be composed. Small bodies are in the row; larger ones (over 256 KiB) and raw MIME are objects, because a row
 * holds at most 2 MB.
 */
export type Content =
  | { readonly kind: 'inline'; readonly html: string | null; readonly text: string | null }
  /** An object holding the JSON `{html,text}`. */
  | { readonly kind: 'object'; readonly key: string }
  /** An object holding the exact message, Bcc removed, line ends CRLF. */
  | { readonly kind: 'raw'; readonly key: string; readonly size: number };

/** A message as `http` hands it over: validated, parsed, its identity fixed. Immutable from here on, but for the due time. */
export interface NewEmail {
  readonly id: string;
  /** With angle brackets. */
  readonly messageId: string;
  /** The random part of every multipart boundary; kept so that a retry sends the same bytes. */
  readonly boundary: string;
  readonly from: GivenMailbox;
  /** Envelope sender, canonical. */
  readonly sender: string;
  /** The domain that DOMAINS and a key's domain are held against: that of `from`, A-label. */
  readonly fromDomain: string;
  readonly to: readonly GivenMailbox[];
  readonly cc: readonly GivenMailbox[] | null;
  readonly bcc: readonly GivenMailbox[] | null;
  readonly replyTo: readonly GivenMailbox[] | null;
  readonly subject: string;
  /** Custom headers in the order given. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly tags: readonly { readonly name: string; readonly value: string }[] | null;
  /** Milliseconds, or null for now. A past moment means now. */
  readonly scheduledAt: number | null;
  readonly tls: 'enforced' | null;
  readonly content: Content;
  /** The envelope, duplicates removed (same canonical address once), in the order to, cc, bcc. */
  readonly envelope: readonly { readonly address: string; readonly simulation: Simulation | null }[];
  /** In the order of the request. Raw MIME has none: what is in it is its author's. */
  readonly attachments: readonly AttachmentRecord[];
  /** Every key of an object this message needs; those of `content` and `attachments` need not be repeated here. */
  readonly objects: readonly string[];
}

export type RecipientState =
  | 'queued'
  | 'claimed'
  | 'sending'
  | 'deferred'
  | 'unknown'
  | 'sent'
  | 'failed'
  | 'suppressed'
  | 'canceled';

/** What the last server said later, beside the state. */
export type Feedback = 'delivered' | 'bounced' | 'complained' | 'opened' | 'clicked';

export interface RecipientRecord {
  /** Place in the envelope, from 0. */
  readonly ordinal: number;
  readonly address: string;
  readonly state: RecipientState;
  readonly feedback: Feedback | null;
  readonly dueAt: number | null;
  readonly attempts: number;
  readonly relay: string | null;
  /** `outcome_unknown`, `expired`, `policy`, `tls_required`, …; null while nothing went wrong. */
  readonly reason: string | null;
  readonly smtp: SmtpReply | null;
  readonly maybeDuplicate: boolean;
}

export interface EmailRecord extends Omit<NewEmail, 'envelope' | 'objects'> {
  readonly createdAt: number;
  /** The `Date` header: the due time, else the accept time; frozen at the first claim. */
  readonly date: number;
  readonly lastEvent: LastEvent;
  readonly recipients: readonly RecipientRecord[];
  /** Stored at the first attempt that reached the final dot; null before. */
  readonly composed: { readonly version: number; readonly sha256: string; readonly size: number } | null;
}

/** One step of one recipient. One event per recipient and outcome. */
export interface EventRecord {
  readonly id: string;
  readonly type: EventType;
  readonly createdAt: number;
  readonly emailId: string;
  readonly recipient: string;
  readonly attempt: number;
  readonly relay: string | null;
  readonly phase: Phase | null;
  readonly smtp: SmtpReply | null;
  readonly nextAttemptAt: number | null;
  readonly maybeDuplicate: boolean;
  /** For bounced and failed: why, in one word of ours. */
  readonly reason: string | null;
  readonly bounce: BounceDetail | null;
}

/** A message the clerk holds for one attempt, with the recipients that are due. */
export interface Claim {
  readonly attemptId: string;
  readonly email: EmailRecord;
  /** Those of this attempt only. */
  readonly recipients: readonly {
    readonly ordinal: number;
    readonly address: string;
    readonly simulation: Simulation | null;
  }[];
  readonly leaseUntil: number;
}

/** What `settle` is told: a verdict of the relay room, or what a simulated address stands for. */
export type Outcome = Verdict | { readonly kind: 'simulated'; readonly simulation: Simulation };

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly permission: 'full_access' | 'sending_access';
  readonly domain: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface NewApiKey extends Omit<ApiKeyRecord, 'createdAt' | 'lastUsedAt'> {
  /** The public part of the token, by which it is found. */
  readonly publicId: string;
  /** Lower-case hex SHA-256 of the whole token. */
  readonly hash: string;
}

export interface NewSuppression {
  readonly id: string;
  /** Canonical. Compared in lower case, local part included. */
  readonly address: string;
  readonly expiresAt: number | null;
  readonly note: string | null;
}

export interface SuppressionRecord extends NewSuppression {
  readonly origin: 'bounce' | 'complaint' | 'manual';
  /** The e-mail behind it, or null. */
  readonly sourceId: string | null;
  readonly createdAt: number;
}

/** `after` walks to older items, `before` to newer; the cursor item itself is left out. Newest first. */
export interface Page {
  readonly limit: number;
  readonly after: string | null;
  readonly before: string | null;
}

export interface PageOf<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}
