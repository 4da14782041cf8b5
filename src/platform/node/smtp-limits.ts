const MINUTE_MS = 60_000;

/** What one caller of the SMTP listener, and all of them together, may take. */
export interface SmtpLimits {
  /** Connections at once. */
  readonly clients: number;
  /** Connections at once from one address. */
  readonly clientsPerAddress: number;
  readonly recipients: number;
  readonly commandBytes: number;
  /** Commands without a mail: between two mails, or from the greeting to the first. */
  readonly commands: number;
  /** Replies of 400 and above without a mail. */
  readonly errors: number;
  /** Silence, where the other side has the word. */
  readonly idleMs: number;
  readonly sessionMs: number;
  /** Bytes a second of a mail on average, once this much time was spent waiting for it. */
  readonly slowest: { readonly bytesPerSecond: number; readonly afterMs: number };
}

export const SMTP_LIMITS: SmtpLimits = {
  clients: 200,
  clientsPerAddress: 20,
  // RFC 5321 §4.5.3.1.8 asks for 100; with more the sender is told 452 and sends the rest as another mail.
  recipients: 100,
  // §4.5.3.1.4 asks for 512; the parameters of the extensions come on top.
  commandBytes: 2_048,
  commands: 200,
  // A harvest of addresses is a session of errors.
  errors: 20,
  // §4.5.3.2.7 asks for five minutes.
  idleMs: 5 * MINUTE_MS,
  sessionMs: 60 * MINUTE_MS,
  slowest: { bytesPerSecond: 1_024, afterMs: MINUTE_MS },
};
