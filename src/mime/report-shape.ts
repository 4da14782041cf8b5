import type { BounceDetail } from '../../schemas/delivery.ts';
import type { ParsedField } from './parsed.ts';
import type { Permanence, Reason, ReasonFamily } from './report-reason.ts';

/** What became of one recipient, in the words of RFC 3464 §2.3.3. */
export type ReportAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

/** One recipient of a delivery report. Text in it was written by strangers: shown and stored, never interpreted. */
export interface ReportedRecipient {
  /** Where the mail finally went, after forwarding: not always an address of ours. Null when no address is named. */
  readonly address: string | null;
  /** As we addressed it (RFC 3464 §2.3.1), where the report says so. */
  readonly originalAddress: string | null;
  readonly action: ReportAction;
  /** Enhanced code (RFC 3463), the most specific that was found; null without one. Nothing is made up. */
  readonly status: string | null;
  /** SMTP reply code. */
  readonly reply: number | null;
  /** The reply or the words around the address, on one line, at most 1,000 characters; `''` when there are none. */
  readonly diagnostic: string;
  readonly remoteMta: string | null;
  readonly reason: Reason;
  readonly family: ReasonFamily;
  readonly permanence: Permanence;
  /** The address itself is wrong and should not be tried again. */
  readonly hard: boolean;
  /** Whether it deserves the suppression list. Only a report that came to a return path of ours may act on it. */
  readonly suppress: boolean;
  /** For the event, when `action` is `failed`. */
  readonly bounce: BounceDetail | null;
}

/** What is told of the mail that the report is about. Anybody can write it: it proves nothing. */
export interface ReportedOriginal {
  /** With angle brackets. */
  readonly messageId: string | null;
  /** Its header as far as it was returned, in order, names in lower case. At most 200 fields. */
  readonly fields: readonly ParsedField[];
}

export interface DeliveryReport {
  /** `relayed`: handed on to a system that sends no reports, or to a list: no news of a delivery. */
  readonly kind: 'bounce' | 'delayed' | 'delivered' | 'relayed';
  /** `standard`: it has the fields of RFC 3464; `prose`: words for people, read by rules. */
  readonly form: 'standard' | 'prose';
  readonly reportingMta: string | null;
  /** ENVID of RFC 3461, decoded. */
  readonly envelopeId: string | null;
  /** In the order of the report, at most 200; empty when nobody is named anywhere. */
  readonly recipients: readonly ReportedRecipient[];
  readonly original: ReportedOriginal;
}

/** `other` for a type that is not registered. `opt-out` was in the drafts of RFC 5965 and is still sent. */
export type FeedbackType =
  | 'abuse'
  | 'fraud'
  | 'virus'
  | 'other'
  | 'not-spam'
  | 'auth-failure'
  | 'dmarc'
  | 'opt-out';

/** RFC 5965, and RFC 6591 for failed authentication. */
export interface Complaint {
  readonly kind: 'complaint';
  readonly feedbackType: FeedbackType;
  /** Whether the recipients wish no more mail. Only a report with a token of ours may act on it. */
  readonly suppress: boolean;
  /** `Original-Rcpt-To` and `Removal-Recipient`; empty, or no real addresses, where the sender of the report hides them. */
  readonly recipients: readonly string[];
  readonly mailFrom: string | null;
  readonly sourceIp: string | null;
  readonly reportedDomains: readonly string[];
  readonly userAgent: string | null;
  readonly reportingMta: string | null;
  readonly envelopeId: string | null;
  /** As written. */
  readonly arrivalDate: string | null;
  /** Complaints that this one stands for, 1 when not told. */
  readonly incidents: number;
  /** `Auth-Failure` of RFC 6591: `adsp`, `bodyhash`, `revoked`, `signature`, `spf`, `dmarc`; lower case. */
  readonly authFailure: string | null;
  readonly original: ReportedOriginal;
}

/** A person's program answered (RFC 3834), or a reading was confirmed (RFC 8098): neither bounce nor complaint. */
export interface AutoReply {
  readonly kind: 'auto_reply';
  readonly form: 'reply' | 'disposition';
}

export type Report = { readonly kind: 'not_a_report' } | AutoReply | DeliveryReport | Complaint;
