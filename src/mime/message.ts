/** One mailbox as it stands in a header: never parsed again by anything behind our own parser. */
export interface HeaderMailbox {
  readonly name: string;
  /** Canonical: A-label domain in lower case. */
  readonly address: string;
}

/**
 * A message to compose: everything that decides its bytes, and nothing else. There is no bcc here, so none can leak;
 * there is no path, href or raw, so nothing can be read from a file or a URL.
 */
export interface Message {
  readonly messageId: string;
  /** Milliseconds since 1970 UTC: the `Date` header. */
  readonly date: number;
  readonly boundary: string;
  readonly from: HeaderMailbox;
  readonly to: readonly HeaderMailbox[];
  readonly cc: readonly HeaderMailbox[];
  readonly replyTo: readonly HeaderMailbox[];
  readonly subject: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly html: string | null;
  readonly text: string | null;
}

/** A composed message. `open` may be called again and gives the same bytes. */
export interface Composed {
  /** Which composer made it. A row names the version it was first sent with. */
  readonly version: number;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** A header field holds UTF-8 (a non-ASCII local part): only a relay that announces SMTPUTF8 may get it. */
  readonly needsSmtpUtf8?: boolean;
  /** The body holds bytes over 0x7F (raw MIME only): sent with BODY=8BITMIME, and only where that is announced. */
  readonly needs8BitMime?: boolean;
  open(): AsyncIterable<Uint8Array>;
}

export type Compose = (message: Message) => Promise<Composed>;
