import type { AutoFacts } from '../mime/parsed.ts';
import type { Report } from '../mime/report-shape.ts';
import type { ReturnPathReading } from '../mime/return-path.ts';
import type { Result } from './mailroom.ts';
import type { NewEmail, Page, PageOf } from './records.ts';

/** Which protocol a mail came by. */
export type InboundSource = 'http' | 'smtp' | 'workers' | 'mailgun' | 'sendgrid' | 'postmark' | 'ses';

/** Where a mail came from, as far as its source knows: what SPF and DMARC are checked against. */
export interface InboundPeer {
  readonly remoteAddress: string | null;
  readonly ehlo: string | null;
}

/** A mail whose bytes are stored. `receive` makes it durable; the source acknowledges after that. */
export interface NewArrival {
  readonly id: string;
  readonly source: InboundSource;
  /** `''` for the null sender, null when the source does not tell. */
  readonly envelopeFrom: string | null;
  /** Canonical, each once, one at least: those that this account takes mail for. */
  readonly envelopeTo: readonly string[];
  readonly peer: InboundPeer | null;
  /** The object with the exact bytes: under a random id, since nobody had hashed them. */
  readonly rawKey: string;
  readonly rawSize: number;
  /** Lower-case hex, of the exact bytes. */
  readonly rawSha256: string;
  /** The id by which a provider names this delivery: two of one id are one mail, whatever their bytes. Null without one. */
  readonly deliveryId: string | null;
  /** What the header says, read while the mail was stored: what is known should nothing else ever be. */
  readonly head: ReceivedHead;
}

/** One mailbox of a header field, as it is shown: never an envelope. */
export interface ShownMailbox {
  readonly name: string;
  readonly address: string;
}

/** From the header of a mail. Every text is a stranger's. */
export interface ReceivedHead {
  readonly from: readonly ShownMailbox[];
  readonly to: readonly ShownMailbox[];
  readonly cc: readonly ShownMailbox[];
  readonly bcc: readonly ShownMailbox[];
  readonly replyTo: readonly ShownMailbox[];
  readonly subject: string;
  /** With angle brackets; made up (`<id@inbound.invalid>`) when the mail has none. */
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** Milliseconds since 1970 UTC, from its `Date`. */
  readonly date: number | null;
  /** Name in lower case and value, repeated ones joined; a list, because `__proto__` is a header like any other. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface ReceivedAttachmentRecord {
  readonly id: string;
  readonly filename: string | null;
  /** `type/subtype`. */
  readonly contentType: string;
  readonly contentId: string | null;
  readonly disposition: 'inline' | 'attachment';
  readonly size: number;
  readonly sha256: string;
  readonly key: string;
}

export type AuthenticationResult =
  | 'pass'
  | 'fail'
  | 'softfail'
  | 'neutral'
  | 'none'
  | 'temperror'
  | 'permerror'
  | 'policy';

/** What is known of who sent it. `checked`: by us; `header`: from a server that the operator trusts; `none`: nobody told. */
export interface Authentication {
  readonly spf: AuthenticationResult | null;
  readonly dkim: AuthenticationResult | null;
  readonly dmarc: AuthenticationResult | null;
  readonly source: 'checked' | 'header' | 'none';
}

/** The text of a mail. Larger ones (over 256 KiB together) are an object: a row holds at most 2 MB. */
export type ReceivedText =
  | { readonly kind: 'inline'; readonly html: string | null; readonly text: string | null }
  /** An object holding the JSON `{html,text}`. */
  | { readonly kind: 'object'; readonly key: string };

/** What reading a mail gave. */
export interface ReadMail {
  readonly parse: 'full' | 'limited';
  readonly head: ReceivedHead;
  readonly content: ReceivedText;
  readonly attachments: readonly ReceivedAttachmentRecord[];
  /** The reply without quotes and signature; at most 64 KiB; null when there is no text. */
  readonly strippedText: string | null;
  readonly authentication: Authentication;
  readonly auto: AutoFacts;
  readonly report: Report;
  /** Our return path among the envelope's recipients, else in what the report quotes: only this suppresses. */
  readonly token: ReturnPathReading | null;
}

/** A mail that is to be read, under a lease. */
export interface ArrivalClaim {
  readonly claimId: string;
  readonly id: string;
  readonly createdAt: number;
  readonly source: InboundSource;
  readonly envelopeFrom: string | null;
  readonly envelopeTo: readonly string[];
  readonly peer: InboundPeer | null;
  readonly rawKey: string;
  readonly rawSize: number;
  readonly rawSha256: string;
  readonly head: ReceivedHead;
  /**
   * Counts from 1, tries that the reader said came to nothing. After two of them the mail is reported as far as it is known; if it
   * is to be passed on, there is a third, which reads no more than its header.
   */
  readonly attempt: number;
  /** What the routes ask for, in order, each once. */
  readonly forwardTo: readonly string[];
  /** Some webhook that will be told wants text and files in its call. */
  readonly wantsBody: boolean;
  readonly leaseUntil: number;
}

/** What is shown of a file in a call that includes the body. */
export interface LinkedAttachment {
  readonly id: string;
  readonly downloadUrl: string;
  /** Milliseconds since 1970 UTC. */
  readonly expiresAt: number;
}

export interface SettleArrivalCall {
  readonly claimId: string;
  readonly now: number;
  readonly outcome:
    | {
        readonly kind: 'read';
        readonly mail: ReadMail;
        /** Mails that pass it on; accepted in the same transaction. */
        readonly forwards: readonly NewEmail[];
        /** For webhooks that asked for the body: text and HTML, cut to what a call may hold, and the links. Null when none asked. */
        readonly body: {
          readonly text: string | null;
          readonly html: string | null;
          readonly truncated: boolean;
          readonly rawUrl: string;
          readonly rawExpiresAt: number;
          readonly links: readonly LinkedAttachment[];
        } | null;
      }
    /**
     * Storage was down, or the reader was stopped: due again later, uncounted. `isUnreadable`: storage did not give the bytes of
     * the mail itself; after a day of that it is reported as far as it is known.
     */
    | { readonly kind: 'withdrawn'; readonly isUnreadable?: boolean }
    /** The reader died of it or ran out of time. Counted. */
    | { readonly kind: 'failed'; readonly cause: string };
}

export interface ReceivedRecord {
  readonly id: string;
  readonly createdAt: number;
  readonly source: InboundSource;
  readonly envelopeFrom: string | null;
  readonly receivedFor: readonly string[];
  readonly head: ReceivedHead;
  readonly rawKey: string;
  readonly rawSize: number;
  readonly rawSha256: string;
  /** `limited` also until it has been read. */
  readonly parse: 'full' | 'limited';
  readonly attachments: readonly ReceivedAttachmentRecord[];
}

/** The mail alone, with what lists leave out. */
export interface ReceivedDetail extends ReceivedRecord {
  readonly content: ReceivedText;
  readonly strippedText: string | null;
  /** The part after `+` of the first recipient that has one. */
  readonly mailboxHash: string | null;
  /** What it answers: mails we sent, mails we received; at most 100 of each, oldest first. */
  readonly thread: { readonly emailIds: readonly string[]; readonly receivedIds: readonly string[] };
  readonly authentication: Authentication;
  readonly auto: AutoFacts;
}

/** All of them must hold. Addresses compare without case: a whole one, or `@domain`. `subject` is part of it, without case. */
export interface ReceivedFilter {
  readonly from: string | null;
  /** Of the envelope or of `To` and `Cc`. */
  readonly to: string | null;
  readonly subject: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

/** On the envelope recipient. `pattern`: an address in which `*` stands for any run of characters but `@`. */
export type RouteMatch =
  | { readonly recipient: string }
  | { readonly domain: string }
  | { readonly pattern: string };

export type RouteAction =
  | { readonly type: 'store' }
  | { readonly type: 'webhook'; readonly webhookId: string }
  | { readonly type: 'forward'; readonly to: string }
  | { readonly type: 'drop' }
  | { readonly type: 'reject'; readonly message: string };

export interface RouteRecord {
  readonly id: string;
  readonly match: RouteMatch;
  /** In order, one at least; `drop` and `reject` stand alone. */
  readonly actions: readonly RouteAction[];
  /** From 0; the first enabled route that matches a recipient counts. */
  readonly position: number;
  readonly enabled: boolean;
  readonly createdAt: number;
}

/** What the routes say of one recipient before its mail is taken. */
export type RecipientRuling =
  | { readonly kind: 'take' }
  /** Accepted and thrown away. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'reject'; readonly message: string };

type Ref = { readonly id: string };

/** The verbs of a mailroom that concern mail that comes in. */
export interface InboxVerbs {
  /** For each recipient in the order given. */
  rule(call: { readonly recipients: readonly string[] }): readonly RecipientRuling[];
  /**
   * Makes an arrival durable and due to be read. The same bytes for the same envelope, or the same `deliveryId`, within 48 h
   * are one mail: then nothing is stored, `duplicate` is true and `objects` names the new object for deletion. A refusal when
   * one of its objects is under deletion (503, as in `accept`).
   */
  receive(call: {
    readonly arrival: NewArrival;
    /** From before its object was stored; `now` when it is left out. */
    readonly since?: number;
    readonly now: number;
  }): Result<{ readonly id: string; readonly duplicate: boolean; readonly objects: readonly string[] }>;

  /** Takes mails that are to be read, oldest first. `nextAt`: when to look again, or null. */
  claimArrivals(call: { readonly now: number; readonly limit: number; readonly leaseMs: number }): {
    readonly claims: readonly ArrivalClaim[];
    readonly nextAt: number | null;
  };
  /** What came of reading: facts, threads, events, webhook calls, reports and forwards, in one transaction. */
  settleArrival(call: SettleArrivalCall): 'settled' | 'stale';
  /** The earliest moment at which `claimArrivals` has something to do, or null. */
  nextArrivalDue(call: { readonly now: number }): number | null;

  /** Newest first. `head.headers` is empty in lists. */
  receivedEmails(call: {
    readonly filter: ReceivedFilter;
    readonly page: Page;
  }): Result<PageOf<ReceivedRecord>>;
  receivedEmail(call: Ref): ReceivedDetail | null;
  receivedAttachments(call: Ref & { readonly page: Page }): Result<PageOf<ReceivedAttachmentRecord>>;
  receivedAttachment(call: Ref & { readonly attachmentId: string }): ReceivedAttachmentRecord | null;
  /** Answers the object keys that nothing names any more. */
  removeReceived(
    call: Ref & { readonly now: number },
  ): Result<{ readonly id: string; readonly objects: readonly string[] }>;

  createRoute(call: {
    readonly route: {
      readonly id: string;
      readonly match: RouteMatch;
      readonly actions: readonly RouteAction[];
      /** Where it is put, those behind it move on; null: at the end. */
      readonly position: number | null;
      readonly enabled: boolean;
    };
    readonly now: number;
  }): Result<RouteRecord>;
  /** In order of position: first those that are asked first. */
  routes(call: { readonly page: Page }): Result<PageOf<RouteRecord>>;
  route(call: Ref): RouteRecord | null;
  updateRoute(
    call: Ref & {
      readonly match?: RouteMatch;
      readonly actions?: readonly RouteAction[];
      readonly position?: number;
      readonly enabled?: boolean;
    },
  ): Result<Ref>;
  removeRoute(call: Ref): Result<Ref>;

  /** RFC 8058: the address asked for no more mail. Once or many times is the same. */
  unsubscribe(call: { readonly id: string; readonly address: string; readonly now: number }): void;
}
