/**
 * What reading a mail gives, and where its files go meanwhile. `parseMail` (`parse-mail.ts`) makes a `ParsedMail` of any
 * bytes: mail is written by strangers, so there is no mail that it refuses.
 */

/** One mailbox of an address field, as the sender wrote it: for showing and searching, never for an envelope. */
export interface ParsedAddress {
  /** Encoded words decoded, quotes undone; `''` when there is none. It never becomes an address. */
  readonly name: string;
  /** As written, not canonical; `''` for a mailbox that has only a name. */
  readonly address: string;
}

/** A header field in the order of the mail. */
export interface ParsedField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded and trimmed, encoded words as they stand. 8-bit characters are decoded. */
  readonly value: string;
}

/** What is known of a file before its bytes are read. */
export interface AttachmentHead {
  /** Place among the attachments of this mail, from 0, in the order of the mail. */
  readonly index: number;
  /** Decoded, as the sender wrote it: it may hold slashes, dots and controls, and is never a path. */
  readonly filename: string | null;
  /** `type/subtype` in lower case, without parameters; `message/rfc822` for an enclosed mail. */
  readonly contentType: string;
  /** Without angle brackets. */
  readonly contentId: string | null;
  readonly disposition: 'inline' | 'attachment';
}

/**
 * Takes the bytes of one file, decoded from their transfer encoding, as they come; answers what it wants to remember (a
 * key, a SHA-256). The next piece is read from the mail when this one was taken, so nothing piles up. A sink may stop
 * reading early. What it throws ends the parse and is thrown on: a store that is down is no fault of the mail.
 *
 * Where the mail breaks a limit in the middle of a file, the body throws instead of ending, so that no part of a file
 * passes for the whole; what the sink makes of that is ignored, and the file is not among the attachments.
 */
export type AttachmentSink<Kept> = (head: AttachmentHead, body: AsyncIterable<Uint8Array>) => Promise<Kept>;

export interface ParsedAttachment<Kept> extends AttachmentHead {
  /** Decoded bytes, counted while they went to the sink. */
  readonly size: number;
  readonly kept: Kept;
}

/**
 * Machine-readable parts of a report (RFC 3464, RFC 5965, RFC 8098) and the header of the mail it speaks of, as text: for
 * the reader of bounces and complaints. Each is an attachment too.
 */
export interface ReportPart {
  /** `message/delivery-status`, `message/feedback-report`, `message/disposition-notification`, `text/rfc822-headers`, `message/rfc822`. */
  readonly contentType: string;
  /** With LF line ends, cut at `MAX_REPORT_BYTES`; of an enclosed mail the header only. */
  readonly text: string;
}

/** What the mail says of itself in its header (delivery.md section 17): never answer mail with any of these. */
export interface AutoFacts {
  /** Written by a program: `Auto-Submitted` other than `no`, `X-Auto-Response-Suppress`, `Precedence: auto_reply`, … */
  readonly reply: boolean;
  /** A report about another mail, or from a mailer daemon. The null sender of the envelope is not seen here. */
  readonly bounce: boolean;
  /** `List-*`, or `Precedence: bulk`, `list` or `junk`. */
  readonly list: boolean;
}

/** A limit that the mail broke (threats section 7). The values stand in `parse-limits.ts`. */
export type BrokenLimit =
  | 'bytes'
  | 'header'
  | 'fields'
  | 'depth'
  | 'parts'
  | 'lines'
  | 'line_length'
  | 'parameters'
  | 'addresses'
  | 'text'
  | 'time';

/** Fields that stand more than once although two readers may then believe different ones. The first counts. */
export type RepeatedField =
  | 'from'
  | 'sender'
  | 'reply-to'
  | 'to'
  | 'cc'
  | 'subject'
  | 'date'
  | 'message-id'
  | 'content-type';

export interface ParsedMail<Kept> {
  /** `limited`: something was left out, by `limits`; what is here is right as far as it goes. */
  readonly parse: 'full' | 'limited';
  readonly limits: readonly BrokenLimit[];
  readonly repeated: readonly RepeatedField[];
  /** More than one mailbox is legal (RFC 5322 §3.6.2) and rare; groups are flattened to their members, here and below. */
  readonly from: readonly ParsedAddress[];
  readonly sender: ParsedAddress | null;
  readonly replyTo: readonly ParsedAddress[];
  readonly to: readonly ParsedAddress[];
  readonly cc: readonly ParsedAddress[];
  readonly bcc: readonly ParsedAddress[];
  /** `''` when missing. */
  readonly subject: string;
  /** Milliseconds since 1970 UTC; null when missing or no date. */
  readonly date: number | null;
  /** With angle brackets; null when missing: the caller gives it one. */
  readonly messageId: string | null;
  /** With angle brackets. */
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** LF line ends. Null when the mail has no plain text: it is not made from the HTML. */
  readonly text: string | null;
  readonly html: string | null;
  /**
   * Lower-case name to value, repeated ones joined by `, `; encoded words decoded, except in address fields, where decoded
   * text could be read as an address. Has no prototype: `__proto__` is a header like any other.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Every field in order, for what joining loses: the topmost Authentication-Results, the number of Received. */
  readonly fields: readonly ParsedField[];
  readonly attachments: readonly ParsedAttachment<Kept>[];
  /** `report-type` of a multipart/report, lower case; null for other mail. */
  readonly reportType: string | null;
  readonly report: readonly ReportPart[];
  readonly auto: AutoFacts;
}

export interface ParseCall<Kept> {
  /** The mail as it came, in pieces of any size. Read to its end, or to the first limit that ends the reading. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly sink: AttachmentSink<Kept>;
  /** Aborted when its time is over: what was read until then is the answer, `limits` says `time`. */
  readonly signal?: AbortSignal;
}

/** @throws what the source or the sink throws, and nothing else */
export type ParseMail = <Kept>(call: ParseCall<Kept>) => Promise<ParsedMail<Kept>>;
