import type { AutoFacts } from '../mime/parsed.ts';
import type { Report } from '../mime/report-shape.ts';
import type { ReturnPathReading } from '../mime/return-path.ts';
import type {
  Authentication,
  InboundSource,
  ReceivedAttachmentRecord,
  ReceivedHead,
  ReceivedText,
} from './received-records.ts';
import type { NewEmail } from './records.ts';

/** Where a mail came from, as far as its source knows: what SPF and DMARC are checked against. */
export interface InboundPeer {
  readonly remoteAddress: string | null;
  readonly ehlo: string | null;
}

/** A mail that has come in, its bytes stored. */
export interface Arrival {
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
  /** What the header says, read while the mail was stored: what is known should nothing else ever be. */
  readonly head: ReceivedHead;
}

/** `receive` makes it durable; the source acknowledges after that. */
export interface NewArrival extends Arrival {
  /** The id by which a provider names this delivery: two of one id are one mail, whatever their bytes. Null without one. */
  readonly deliveryId: string | null;
  /** The header goes on behind what `head` was read from. */
  readonly isHeadCut?: boolean;
}

/** A mail that is to be read, under a lease. */
export interface ArrivalClaim extends Arrival {
  readonly claimId: string;
  readonly createdAt: number;
  /**
   * Counts from 1, tries that the reader said came to nothing. After two of them the mail is reported as far as it is known; if it
   * is to be passed on, or its head is cut, there is a third, which reads no more than its header.
   */
  readonly attempt: number;
  /** What the routes ask for, in order, each once. */
  readonly forwardTo: readonly string[];
  /** Some webhook that will be told wants text and files in its call. */
  readonly wantsBody: boolean;
  readonly leaseUntil: number;
}

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
