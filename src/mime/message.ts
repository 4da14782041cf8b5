/** One mailbox as it stands in a header: never parsed again by anything behind our own parser. */
export interface HeaderMailbox {
  readonly name: string;
  /** Canonical: A-label domain in lower case. */
  readonly address: string;
}

/** One file of a message. */
export interface MessageAttachment {
  readonly filename: string;
  /** Canonical: what `readContentType` gives. */
  readonly contentType: string;
  /** Without angle brackets. Beside html it makes the part one of `multipart/related`. */
  readonly contentId: string | null;
  readonly disposition: 'inline' | 'attachment';
  /** Bytes that `open` gives, before any encoding. */
  readonly size: number;
  /** The same bytes at every call; an error instead of wrong ones. Nothing is fetched before the first is asked for. */
  open(): AsyncIterable<Uint8Array>;
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
  readonly attachments: readonly MessageAttachment[];
}

/** A composed message. `open` may be called again and gives the same bytes. */
export interface Composed {
  /** Which composer made it. A row names the version it was first sent with. */
  readonly version: number;
  /** Bytes that `open` gives: known before any of them is read. */
  readonly size: number;
  /** Lower-case hex; null for a message with attachments, of which it is known only when all of it has been read. */
  readonly sha256: string | null;
  /** A header field holds UTF-8 (a non-ASCII local part): only a relay that announces SMTPUTF8 may get it. */
  readonly needsSmtpUtf8?: boolean;
  /** The body holds bytes over 0x7F (raw MIME only): sent with BODY=8BITMIME, and only where that is announced. */
  readonly needs8BitMime?: boolean;
  open(): AsyncIterable<Uint8Array>;
}

/** A message whose bytes have been read through once, and are as they should be. */
export interface Sealed extends Composed {
  readonly sha256: string;
}

export type Compose = (message: Message) => Promise<Composed>;
