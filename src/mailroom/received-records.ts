import type { AutoFacts } from '../mime/parsed.ts';

/** Which protocol a mail came by. */
export type InboundSource = 'http' | 'smtp' | 'workers' | 'mailgun' | 'sendgrid' | 'postmark' | 'ses';

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
