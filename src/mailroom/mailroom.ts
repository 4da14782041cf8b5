import type { Refusal } from '../../schemas/error.ts';
import type { AttachmentVerbs, UploadContent, UploadRecord } from './attachment-records.ts';
import type { InboxVerbs } from './inbox-verbs.ts';
import type {
  ApiKeyRecord,
  Claim,
  EmailRecord,
  EventRecord,
  NewApiKey,
  NewEmail,
  NewSuppression,
  Outcome,
  Page,
  PageOf,
  SuppressionRecord,
} from './records.ts';
import type { Sql } from './sql.ts';
import type { WebhookVerbs } from './webhook-records.ts';

/** What the operator configured that the room must know. Constant while a room is open. */
export interface MailroomConfig {
  /** Relay names in the order in which they are tried; one name at least. */
  readonly relays: readonly string[];
  /** Names of relays that are used without TLS: mail with `tls: enforced` never goes there. */
  readonly clearRelays: readonly string[];
  /** Sender domains (A-labels, lower case), or null when any sender is accepted (the built-in catch-all). */
  readonly domains: readonly { readonly id: string; readonly name: string }[] | null;
  /** Requests per second and account; 0 means no limit. */
  readonly rateLimit: number;
  /** What happens after a reply to the final dot was lost: one late retry with identical bytes, or none. */
  readonly unknownPolicy: 'once' | 'never';
  /** Age in milliseconds since the first due time at which an unfinished recipient is given up. */
  readonly maxAgeMs: number;
  readonly retentionMs: number;
  readonly eventRetentionMs: number;
  /** How long mail that came in is kept; null: until somebody removes it. */
  readonly inboundRetentionMs: number | null;
  /** Each recipient gets a return path of its own, so each is claimed alone. False when left out. */
  readonly returnPaths?: boolean;
}

/** Who knocks. The operator's API_KEY is compared by the host and arrives as `operator`. */
export type Credential =
  | { readonly kind: 'operator' }
  /** `id` is the public part of the key, `hash` the lower-case hex SHA-256 of the whole token. */
  | { readonly kind: 'key'; readonly id: string; readonly hash: string };

/** An idempotency key, and the SHA-256 of what was asked (endpoint, batch mode, switches, canonical body). */
export interface IdempotencyClaim {
  readonly key: string;
  readonly endpoint: string;
  readonly fingerprint: string;
}

/** The account's door: everything that is checked before the fields of a request are looked at. */
export interface Door {
  readonly credential: Credential;
  /** What the operation asks of a key. */
  readonly scope: 'sending' | 'full';
  readonly idempotency?: IdempotencyClaim;
  /** With `idempotency`: takes the key for 60 s under this random token, for requests that store something before `accept`. */
  readonly reserve?: string;
}

/** The door for somebody who was let in before his request was read: his key is known, and his rate is taken. */
export interface InnerDoor extends Pick<Door, 'idempotency' | 'reserve'> {
  readonly key: AdmittedKey;
}

/** The state of the account's request rate after this request; null when RATE_LIMIT is 0. */
export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until the window is over. */
  readonly resetSeconds: number;
}

/** The answer of a request that was accepted before, to be given again. */
export interface StoredAnswer {
  readonly status: number;
  /** The JSON text of the body. */
  readonly body: string;
}

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly rate: RateState | null;
      readonly key: AdmittedKey;
      /** Those of the uploads asked for that are known, expired ones among them. */
      readonly uploads?: readonly UploadRecord[];
    }
  | { readonly kind: 'refused'; readonly rate: RateState | null; readonly refusal: Refusal }
  | { readonly kind: 'replayed'; readonly rate: RateState | null; readonly answer: StoredAnswer };

export interface AdmittedKey {
  /** Null for the operator's key. */
  readonly id: string | null;
  readonly permission: 'full_access' | 'sending_access';
  /** The only domain this key may send from, or null. */
  readonly domain: string | null;
}

/** One item of a send: good, or already refused by validation (permissive batches carry these along for their place). */
export type SendItem =
  | { readonly kind: 'email'; readonly email: NewEmail }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface AcceptCall {
  /** The door to pass in the same transaction; or, after `admit` with `reserve`, the key it gave and the token. */
  readonly door:
    | Door
    | { readonly key: AdmittedKey; readonly idempotency?: IdempotencyClaim; readonly reserved?: string };
  readonly mode: 'single' | 'strict' | 'permissive';
  readonly items: readonly SendItem[];
  /** Uploads of which a copy was taken for this request: the next mail that names one needs none. */
  readonly uploads?: readonly { readonly id: string; readonly content: UploadContent }[];
  /**
   * The moment at which the request began, before anything of it was stored. An object that is being deleted since is
   * perhaps no longer there, and the answer is 503: stored again, it is accepted.
   */
  readonly now: number;
}

export type Accepted =
  | { readonly kind: 'accepted'; readonly rate: RateState | null; readonly answer: StoredAnswer }
  | Exclude<Admission, { kind: 'admitted' }>;

/** The result of a verb that may be refused. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

export interface ClaimCall {
  readonly now: number;
  /** The relay that will carry the work, or `simulated`. */
  readonly relay: string;
  /** Also take rows that are bound to no relay yet: true for the first relay in order that is open. */
  readonly unbound: boolean;
  /** Also take rows waiting for these relays, which are closed or held. Rows past phase `dot` stay with their own relay. */
  readonly insteadOf: readonly string[];
  /** At most this many messages. */
  readonly limit: number;
  readonly leaseMs: number;
}

export interface SettleCall {
  readonly attemptId: string;
  readonly now: number;
  readonly outcomes: readonly { readonly recipient: number; readonly outcome: Outcome }[];
}

/** What a room is opened with. Randomness is handed in, so that a test can play a history again from its seed. */
export interface MailroomParts {
  readonly sql: Sql;
  readonly config: MailroomConfig;
  /** A fresh UUID, for attempts and events. */
  readonly newId: () => string;
  /** A number from [0, 1), for jitter. */
  readonly random: () => number;
}

/**
 * One account's mailroom: a synchronous state machine over SQLite. Each verb is one transaction; none awaits; `now` comes
 * with each call. Expected failures are values. Times are milliseconds since 1970 UTC.
 */
export interface Mailroom extends WebhookVerbs, AttachmentVerbs, InboxVerbs {
  /** Key, rate, permission, then idempotency, in this order. */
  admit(call: {
    readonly door: Door | InnerDoor;
    readonly now: number;
    /** Ids of uploads that the request names: looked up in the same call. */
    readonly uploads?: readonly string[];
  }): Admission;
  /** Gives up a reservation made by `admit`, when the request ends without acceptance. */
  release(call: { readonly key: string; readonly endpoint: string; readonly reserved: string }): void;
  /** The one funnel: everything that is to be sent comes in here, all rows of it in one transaction. */
  accept(call: AcceptCall): Accepted;

  email(call: { readonly id: string }): EmailRecord | null;
  emails(call: {
    readonly page: Page;
  }): Result<PageOf<Omit<EmailRecord, 'content' | 'recipients' | 'attachments'>>>;
  emailEvents(call: { readonly id: string; readonly page: Page }): Result<PageOf<EventRecord>>;
  reschedule(call: {
    readonly id: string;
    readonly scheduledAt: number;
    readonly now: number;
  }): Result<{ readonly id: string }>;
  cancel(call: { readonly id: string; readonly now: number }): Result<{ readonly id: string }>;
  /** Sends the failed or unknown recipients of a mail again. */
  retry(call: { readonly id: string; readonly now: number }): Result<{ readonly id: string }>;
  /** Removes a finished mail with all its rows; answers the object keys that no other mail names. */
  removeEmail(call: {
    readonly id: string;
    readonly now: number;
  }): Result<{ readonly id: string; readonly objects: readonly string[] }>;

  createApiKey(call: { readonly key: NewApiKey; readonly now: number }): Result<ApiKeyRecord>;
  apiKeys(call: { readonly page: Page | null }): Result<PageOf<ApiKeyRecord>>;
  renameApiKey(call: { readonly id: string; readonly name: string }): Result<{ readonly id: string }>;
  removeApiKey(call: { readonly id: string }): Result<{ readonly id: string }>;

  /** An address that is already listed answers its entry. */
  suppress(call: {
    readonly entries: readonly NewSuppression[];
    readonly now: number;
  }): readonly SuppressionRecord[];
  suppressions(call: {
    readonly page: Page;
    readonly origin: SuppressionRecord['origin'] | null;
    readonly now: number;
  }): Result<PageOf<SuppressionRecord>>;
  /** By id or by canonical address. */
  suppression(call: { readonly idOrAddress: string; readonly now: number }): SuppressionRecord | null;
  /** Removes what it finds, in the order asked; the unknown are left out. */
  unsuppress(call: {
    readonly idsOrAddresses: readonly string[];
    readonly now: number;
  }): readonly SuppressionRecord[];

  /** Takes due recipients of up to `limit` messages under a lease. A recipient with an unsettled attempt is never taken. */
  claim(call: ClaimCall): readonly Claim[];
  /** Writes phase `dot` for these recipients. False: the lease is over or another attempt owns them, and the dot must not be sent. */
  markDot(call: {
    readonly attemptId: string;
    readonly recipients: readonly number[];
    readonly now: number;
    /** What is about to be complete on the wire; a retry that differs is refused (false). */
    readonly composed: { readonly version: number; readonly sha256: string; readonly size: number };
  }): boolean;
  /** Writes outcomes, events and the next due times. A settle that names an old attempt changes nothing: `stale`. */
  settle(call: SettleCall): 'settled' | 'stale';
  /** Decides for rows whose lease is over: below `dot` due again now, at `dot` unknown. Answers how many. */
  recover(call: {
    readonly now: number;
    /** True at the start of a single process: no lease can be live then. */
    readonly all: boolean;
    /** The same for readings of mail that came in, where those who read may outlive those who carry; else as `all`. */
    readonly allReadings?: boolean;
  }): number;
  /**
   * The earliest moment at which there is something to do (due row, lease end, end of the maximum age), or null.
   * Rows waiting for a relay in `closed` are left out: a held relay's backlog is due all the time.
   */
  nextDue(call: { readonly now: number; readonly closed?: readonly string[] }): number | null;
  /** Removes what is past its retention, a bounded number at a time; answers the objects that nothing names any more. */
  sweep(call: { readonly now: number; readonly limit: number }): {
    readonly removed: number;
    readonly objects: readonly string[];
  };
  /** For GET /health. */
  depth(call: { readonly now: number }): { readonly queued: number; readonly oldestDueAt: number | null };
}

/** How the rest of the house sees a room: the same verbs, perhaps far away. */
export type Async<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};
