import type { Verdict } from '../../schemas/delivery.ts';

/** The SMTP envelope (RFC 5321 §2.3.1). Addresses are canonical and go on the wire as they are. */
export interface Envelope {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Bytes of the message, for SIZE (RFC 1870). */
  readonly size: number;
  /** The header holds UTF-8 (RFC 6532), whatever the addresses are: SMTPUTF8 must be announced and is asked for. */
  readonly needsSmtpUtf8?: boolean;
  /** The body holds bytes over 0x7F (RFC 6152): BODY=8BITMIME where it is announced. */
  readonly needs8BitMime?: boolean;
  /**
   * The sender is a return path of ours, so reports are asked for where they are offered (RFC 3461), under this envelope
   * id. Made by us, never by a caller.
   */
  readonly reportsAs?: string;
}

export interface Submission {
  readonly envelope: Envelope;
  /** Called after the 354; the whole message with CRLF line ends, not yet dot-stuffed. */
  readonly message: () => AsyncIterable<Uint8Array>;
  /**
   * Called once, when the body has been written and before the final dot may leave, with the recipients the relay has
   * accepted. Resolves true when phase `dot` is durable for them; false or a throw means the dot must not be sent.
   */
  readonly beforeDot: (accepted: readonly string[]) => Promise<boolean>;
  /**
   * Aborting before the dot ends the connection and puts the recipients back, due now and uncounted; after the dot it ends
   * the wait: `unknown`.
   */
  readonly signal: AbortSignal;
}

/** What the attempt says about the relay itself. */
export type Condition =
  | { readonly kind: 'well' }
  /** Broke before MAIL, or after the dot: counts towards the circuit. */
  | {
      readonly kind: 'failure';
      readonly cause: string;
      /** It broke in the TLS handshake, where one of the two hosts cannot tell us why. */
      readonly tls?: true;
    }
  /** 421, 452 4.3.1, 431, 454: claim nothing for a while. */
  | { readonly kind: 'pause'; readonly cause: string; readonly forMs: number }
  /** Credentials, certificate, refusal at greeting: held until changed, probed every 10 minutes. */
  | { readonly kind: 'hold'; readonly cause: string };

export interface SubmissionResult {
  /** One verdict for each recipient of the envelope, in its order. Never empty, never short. */
  readonly verdicts: readonly Verdict[];
  /** Null when the relay was not asked: what we decided alone says nothing about it, least of all that it is well. */
  readonly condition: Condition | null;
  /** Set when the relay said "too many recipients" (452 4.5.3): how many of them it took. */
  readonly recipientsTaken?: number;
}

/** One configured submission server. Never throws for anything the other side does: a failure is a verdict. */
export interface Relay {
  readonly name: string;
  /** True when RELAY_URL said `tls=none`. */
  readonly clear: boolean;
  /** Connections that may be open at once. */
  readonly connections: number;
  /** Messages per second, or null. */
  readonly rate: number | null;
  /** The largest message in bytes that the server announced when it was last connected to (RFC 1870), or null. */
  readonly maxSize?: () => number | null;
  submit(submission: Submission): Promise<SubmissionResult>;
  /** Connects and authenticates, sends nothing. Over a connection of its own, beside those that may be open. */
  probe(signal: AbortSignal): Promise<Condition>;
  /** Ends idle connections politely (QUIT), others at once. */
  close(): Promise<void>;
}

export type Security = 'implicit' | 'starttls' | 'none';

/** One endpoint a relay may be reached at. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly security: Security;
}

/** A relay as RELAY_URL describes it. */
export interface RelayConfig {
  readonly name: string;
  /** Tried in order: `?ports=587,465,2525`. */
  readonly endpoints: readonly Endpoint[];
  readonly credentials: { readonly user: string; readonly pass: string } | null;
  readonly connections: number;
  readonly rate: number | null;
  /** What we call ourselves in EHLO. */
  readonly ehloName: string;
}
