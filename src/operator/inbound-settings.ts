import * as z from 'zod';
import { address, domain, listOf, whole } from './setting-forms.ts';

const DAY_MS = 24 * 3_600_000;
const MAX_RETENTION_DAYS = 3_650;

/** A mail with an attachment of 25 MiB fits: base64 adds a third. */
const INBOUND_MAX_BYTES = 40 * 1024 * 1024;
/** Less would refuse ordinary mail, more would outgrow what one call of a bucket stores. */
const INBOUND_BYTES = { least: 1_024, most: 256 * 1024 * 1024 } as const;

/** RFC 8601 §2.5: an authserv-id is a host name in practice; nothing else is compared here. */
const AUTHSERV_ID = /^[\x21-\x7e]{1,253}$/;
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/;

/** The rows of the settings' table that concern mail that comes in. */
export const INBOUND_SETTINGS = {
  RECEIVING_DOMAINS: {
    schema: listOf(domain).optional(),
    expected: 'one or more domains, separated by commas',
    meaning: 'Domains that mail is received for; every other recipient is refused.',
    byDefault: 'all without RELAY_URL, none with it',
  },
  RETURN_PATH_DOMAIN: {
    schema: domain.optional(),
    expected: 'a domain',
    meaning:
      'Each recipient is written to from a signed address of its own here, and bounces come back to it.',
    byDefault: 'none: the sender is the return path',
  },
  INBOUND_MAX_BYTES: {
    schema: whole(INBOUND_BYTES.least, INBOUND_BYTES.most).default(INBOUND_MAX_BYTES),
    expected: `a whole number from ${INBOUND_BYTES.least} to ${INBOUND_BYTES.most}`,
    meaning: 'The largest mail that is received.',
    byDefault: `${INBOUND_MAX_BYTES}: a mail with a file of 25 MiB fits`,
  },
  INBOUND_RETENTION_DAYS: {
    schema: whole(1, MAX_RETENTION_DAYS).optional(),
    expected: `a whole number from 1 to ${MAX_RETENTION_DAYS}`,
    meaning: 'Days that a received mail is kept.',
    byDefault: 'for ever',
  },
  FORWARD_TO: {
    schema: listOf(address).default([]),
    expected: 'one or more addresses, separated by commas',
    meaning: 'Addresses that a route may forward to.',
    byDefault: 'none',
  },
  TRUSTED_AUTHSERV_IDS: {
    schema: listOf(z.string().regex(AUTHSERV_ID).toLowerCase()).default([]),
    expected: 'names of mail servers as they stand in Authentication-Results, separated by commas',
    meaning: 'Whose topmost Authentication-Results is believed, where another server takes the mail for us.',
    byDefault: 'none',
  },
  SMTP_PORT: {
    schema: whole(0, 65_535).optional(),
    expected: 'a port from 0 to 65535',
    meaning: 'Port of the SMTP listener; 0 takes any free one.',
    byDefault: 'no listener but the catch-all on loopback',
  },
  SMTP_HOST: {
    schema: z.string().min(1).max(253).optional(),
    expected: 'an address or a host name of this machine',
    meaning: 'Address the SMTP listener listens on.',
    byDefault: 'every address with RECEIVING_DOMAINS or RETURN_PATH_DOMAIN, else 127.0.0.1',
  },
  SMTP_TLS_CERT: {
    schema: z.string().min(1).optional(),
    expected: 'a file with a certificate and its chain in PEM',
    meaning: 'Certificate for STARTTLS; read again when the file changes.',
    byDefault: 'none: STARTTLS is not offered',
  },
  SMTP_TLS_KEY: {
    schema: z.string().min(1).optional(),
    expected: 'a file with the private key in PEM',
    meaning: 'Key of SMTP_TLS_CERT.',
    byDefault: 'none; required with SMTP_TLS_CERT',
  },
  MAILGUN_SIGNING_KEY: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,256}$/)
      .optional(),
    expected: 'the HTTP webhook signing key of the Mailgun account',
    meaning: 'Proves mail that Mailgun hands over.',
    byDefault: 'none: mail from Mailgun is refused',
  },
  SES_TOPIC_ARNS: {
    schema: listOf(z.string().regex(TOPIC_ARN)).default([]),
    expected: 'one or more ARNs of SNS topics, separated by commas',
    meaning: 'Topics whose mail and confirmations are taken from Amazon SES.',
    byDefault: 'none: mail from Amazon SES is refused',
  },
} as const;

type Name = keyof typeof INBOUND_SETTINGS;
type Values = { readonly [One in Name]: z.output<(typeof INBOUND_SETTINGS)[One]['schema']> };
type Texts = { readonly [One in Name | 'RELAY_URL']?: string };

/** What belongs together, and what would refuse every mail. One line for each that is missing. */
export function missingInbound(texts: Texts): readonly string[] {
  const isAlone = (texts.SMTP_TLS_CERT === undefined) !== (texts.SMTP_TLS_KEY === undefined);
  const half = texts.SMTP_TLS_CERT === undefined ? 'SMTP_TLS_CERT' : 'SMTP_TLS_KEY';
  const takesNothing =
    texts.SMTP_PORT !== undefined &&
    texts.RELAY_URL !== undefined &&
    texts.RECEIVING_DOMAINS === undefined &&
    texts.RETURN_PATH_DOMAIN === undefined;
  return [
    ...(isAlone ? [`${half}: expected ${INBOUND_SETTINGS[half].expected}; the two go together`] : []),
    ...(takesNothing
      ? [
          `RECEIVING_DOMAINS: expected ${INBOUND_SETTINGS.RECEIVING_DOMAINS.expected}; ` +
            'with a RELAY_URL an SMTP_PORT takes mail for none but these',
        ]
      : []),
  ];
}

/** How mail comes in, as the rooms use it. */
export interface InboundPolicy {
  /** Null: every domain. */
  readonly receivingDomains: readonly string[] | null;
  /** Null: for ever. */
  readonly inboundRetentionMs: number | null;
  readonly smtp: SmtpSettings | null;
}

/** The listener of SMTP_PORT. */
export interface SmtpSettings {
  readonly port: number;
  /** Null: every address of this machine. */
  readonly host: string | null;
  /** Files in PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

export function inboundOf(values: Values, hasRelays: boolean): InboundPolicy {
  const { INBOUND_RETENTION_DAYS: days, SMTP_PORT: port, SMTP_TLS_CERT: cert, SMTP_TLS_KEY: key } = values;
  // A listener that takes mail for any domain is for this machine; whoever names domains wants the world's.
  const isNamed = values.RECEIVING_DOMAINS !== undefined || values.RETURN_PATH_DOMAIN !== undefined;
  const host = values.SMTP_HOST ?? (isNamed ? null : '127.0.0.1');
  return {
    receivingDomains: values.RECEIVING_DOMAINS ?? (hasRelays ? [] : null),
    inboundRetentionMs: days === undefined ? null : days * DAY_MS,
    smtp:
      port === undefined
        ? null
        : { port, host, tls: cert === undefined || key === undefined ? null : { cert, key } },
  };
}
