/** How a client may prove who it is, in the order in which we prefer them: over TLS the plainest is the soundest. */
export const AUTH_MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5'] as const;

export type AuthMechanism = (typeof AUTH_MECHANISMS)[number];

/** What a server announced in its last EHLO. Nothing from before TLS counts (RFC 3207 §4.2). */
export interface Capabilities {
  /** RFC 1870. Largest message in bytes; null when the server names none. */
  readonly maxSize: number | null;
  /** RFC 1870, with whatever maximum. */
  readonly size: boolean;
  /** RFC 2920. */
  readonly pipelining: boolean;
  /** RFC 6152. */
  readonly eightBitMime: boolean;
  /** RFC 6531. */
  readonly smtputf8: boolean;
  /** RFC 3461. */
  readonly dsn: boolean;
  readonly starttls: boolean;
  /** True when AUTH was announced at all, with whatever mechanisms. */
  readonly auth: boolean;
  /** The announced mechanism that we like best, or null. */
  readonly mechanism: AuthMechanism | null;
}

/** Reads the text of an EHLO reply. A HELO reply, which has one line, announces nothing. */
export function readCapabilities(reply: string): Capabilities {
  const keywords = new Map<string, readonly string[]>();
  for (const line of reply.split(/\r?\n/).slice(1)) {
    // `AUTH=LOGIN` is an old spelling of `AUTH LOGIN`.
    const [keyword = '', ...parameters] = line
      .slice(4)
      .toUpperCase()
      .split(/[\s=]+/)
      .filter((word) => word !== '');
    keywords.set(keyword, [...(keywords.get(keyword) ?? []), ...parameters]);
  }
  const mechanisms = keywords.get('AUTH') ?? [];
  const size = Number(keywords.get('SIZE')?.[0] ?? 0);
  return {
    // RFC 1870 §4: 0 means that there is no fixed maximum.
    maxSize: Number.isSafeInteger(size) && size > 0 ? size : null,
    size: keywords.has('SIZE'),
    pipelining: keywords.has('PIPELINING'),
    eightBitMime: keywords.has('8BITMIME'),
    smtputf8: keywords.has('SMTPUTF8'),
    dsn: keywords.has('DSN'),
    starttls: keywords.has('STARTTLS'),
    auth: keywords.has('AUTH'),
    mechanism: AUTH_MECHANISMS.find((mechanism) => mechanisms.includes(mechanism)) ?? null,
  };
}
