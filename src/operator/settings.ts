import * as z from 'zod';
import { readAllowance } from '../net/allowance.ts';
import type { S3Settings } from '../objects/s3-requests.ts';
import type { RelayConfig } from '../relay/relay.ts';
import { readRelayUrls } from '../relay/relay-url.ts';
import { INBOUND_SETTINGS, type InboundPolicy, inboundOf, missingInbound } from './inbound-settings.ts';
import { LOG_LEVELS } from './log.ts';
import { bucketOf, missingS3, S3_SETTINGS } from './s3-settings.ts';
import { domain, listOf, whole } from './setting-forms.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** delivery.md section 8. */
const MAX_AGE_HOURS = 120;
const MAX_RETENTION_DAYS = 3_650;
const MAX_RATE = 1_000_000;

/** As long as the output of SHA-256: less would be the weakest part of every signature made with it. */
export const MIN_SECRET_KEY_BYTES = 32;

/** RFC 5321 §4.1.1.1: EHLO takes a domain; a machine without one may call itself by a single label. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

const baseUrl = z
  .string()
  .refine(isBaseUrl)
  .transform((url) => url.replace(/\/+$/, ''));

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && !/[?#]/.test(text);
}

interface Setting<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** Completes "NAME: expected …". */
  readonly expected: string;
  readonly meaning: string;
  /** In words; the schema says the same. */
  readonly byDefault: string;
}

const setting = <Schema extends z.ZodType>(one: Setting<Schema>): Setting<Schema> => one;

/** Every setting there is. The README's table is held to this one. */
export const SETTINGS = {
  PORT: setting({
    schema: whole(0, 65_535).default(3025),
    expected: 'a port from 0 to 65535',
    meaning: 'Port of the API; 0 takes any free one.',
    byDefault: '3025',
  }),
  HOST: setting({
    schema: z.string().min(1).max(253).default('127.0.0.1'),
    expected: 'an address or a host name of this machine',
    meaning: 'Address the API listens on.',
    byDefault: '127.0.0.1',
  }),
  DATA_DIR: setting({
    schema: z.string().min(1).default('./data'),
    expected: 'a folder',
    meaning: 'Where everything is kept: databases, objects, caught mail. One process at a time.',
    byDefault: './data',
  }),
  API_KEY: setting({
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{20,256}$/)
      .optional(),
    expected: '20 to 256 visible ASCII characters',
    meaning: 'A full-access key of the account `default`, good exactly while it is set.',
    byDefault: 'none: the first start makes a key and prints it',
  }),
  PUBLIC_URL: setting({
    schema: baseUrl.optional(),
    expected: 'an http or https URL without user, query and fragment',
    meaning: 'Base of every link that is written.',
    byDefault: 'the listening address',
  }),
  SECRET_KEY: setting({
    schema: z
      .string()
      .refine((text) => new TextEncoder().encode(text).length >= MIN_SECRET_KEY_BYTES)
      .optional(),
    expected: `a secret of ${MIN_SECRET_KEY_BYTES} bytes or more`,
    meaning: 'What the keys of this service are made of, one for each purpose.',
    byDefault: 'made by the first start and kept in DATA_DIR',
  }),
  DOMAINS: setting({
    schema: listOf(domain).optional(),
    expected: 'one or more domains, separated by commas',
    meaning: 'Sender domains that are allowed. Required with RELAY_URL.',
    byDefault: 'any, as long as there is no RELAY_URL',
  }),
  RATE_LIMIT: setting({
    schema: whole(0, MAX_RATE).default(100),
    expected: `a whole number from 0 to ${MAX_RATE}`,
    meaning: 'Requests per second and account; 0 turns the limit off.',
    byDefault: '100',
  }),
  RELAY_URL: setting({
    schema: z.string().optional(),
    expected: 'smtp:// or smtps:// URLs, separated by commas',
    meaning: 'One or more relays, tried in order.',
    byDefault: 'the built-in catch-all',
  }),
  KEY_PREFIX: setting({
    schema: z
      .string()
      .regex(/^[a-z][a-z0-9]{0,15}_$/)
      .default('mw_'),
    expected: 'lower-case letters and digits, then "_", at most 17 characters',
    meaning: 'What API keys start with (the login of one client insists on `re_`).',
    byDefault: '`mw_`',
  }),
  SIMULATED_DOMAIN: setting({
    schema: domain.optional(),
    expected: 'a domain',
    meaning: 'A domain beside resend.dev whose addresses are simulated and never relayed.',
    byDefault: 'none',
  }),
  UNKNOWN_RETRY: setting({
    schema: z.enum(['once', 'never']).default('once'),
    expected: '"once" or "never"',
    meaning: 'Whether mail whose fate at the final dot is unknown is sent a second time, late and marked.',
    byDefault: 'once',
  }),
  MAX_AGE_HOURS: setting({
    schema: whole(1, MAX_AGE_HOURS).default(48),
    expected: `a whole number from 1 to ${MAX_AGE_HOURS}`,
    meaning: 'Hours after which an unfinished recipient is given up.',
    byDefault: '48',
  }),
  RETENTION_DAYS: setting({
    schema: whole(1, MAX_RETENTION_DAYS).default(30),
    expected: `a whole number from 1 to ${MAX_RETENTION_DAYS}`,
    meaning: 'Days that a finished mail is kept.',
    byDefault: '30',
  }),
  EVENT_RETENTION_DAYS: setting({
    schema: whole(1, MAX_RETENTION_DAYS).default(30),
    expected: `a whole number from 1 to ${MAX_RETENTION_DAYS}`,
    meaning: 'Days that events are kept.',
    byDefault: '30',
  }),
  EGRESS_ALLOW: setting({
    schema: z
      .string()
      .refine((text) => readAllowance(text).ok)
      .optional(),
    expected: 'ranges (10.0.0.0/8), addresses or host names, separated by commas',
    meaning:
      'Private places that webhooks and attachment links may lead to, by plain http too. For development.',
    byDefault: 'none: https and the public internet only',
  }),
  ...INBOUND_SETTINGS,
  ...S3_SETTINGS,
  EHLO_NAME: setting({
    schema: z.string().regex(HOST_NAME).optional(),
    expected: 'a host name',
    meaning: 'What we call ourselves to a relay.',
    byDefault: "the machine's host name",
  }),
  LOG_LEVEL: setting({
    schema: z.enum(LOG_LEVELS).default('info'),
    expected: 'debug, info, warn or error',
    meaning: 'The least weight of a line in the log.',
    byDefault: 'info',
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;

type Values = { readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> };

/** What is handed about in another form. */
type Raw =
  | 'RELAY_URL'
  | 'EHLO_NAME'
  | 'RECEIVING_DOMAINS'
  | 'SMTP_PORT'
  | 'SMTP_HOST'
  | 'SMTP_TLS_CERT'
  | 'SMTP_TLS_KEY';

/** The configuration of one process, read once and handed about as a value. */
export interface Settings extends Omit<Values, Raw>, InboundPolicy {
  readonly maxAgeMs: number;
  readonly retentionMs: number;
  readonly eventRetentionMs: number;
  readonly ehloName: string;
  /** Null: the built-in catch-all. */
  readonly relays: readonly RelayConfig[] | null;
  /** Null: a folder, or what the host binds. */
  readonly s3: S3Settings | null;
}

export type ReadSettings =
  | { readonly ok: true; readonly settings: Settings }
  /** One line per wrong setting; never a value, since it may be a secret in the wrong place. */
  | { readonly ok: false; readonly problems: readonly string[] };

const Environment = z.object(
  Object.fromEntries(Object.entries(SETTINGS).map(([name, { schema }]) => [name, schema])),
);

/**
 * Reads the environment. A variable that is set to nothing counts as not set.
 *
 * @param machine what the machine is called; some carry a name that EHLO may not (an underscore, nothing at all).
 */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  machine: { readonly hostname: string },
): ReadSettings {
  const given = Object.entries(env).filter(
    ([name, text]) => name in SETTINGS && text !== undefined && text !== '',
  );
  const texts: Partial<Record<SettingName, string>> = Object.fromEntries(given);
  const parsed = Environment.safeParse(texts);
  const wrong = parsed.success ? [] : parsed.error.issues.map(({ path }) => path[0] as SettingName);
  const problems = [...new Set(wrong)].map((name) => `${name}: expected ${SETTINGS[name].expected}`);

  const names = [texts.EHLO_NAME ?? '', machine.hostname];
  const ehloName = names.find((name) => HOST_NAME.test(name)) ?? 'localhost';
  const relays = texts.RELAY_URL === undefined ? null : readRelayUrls(texts.RELAY_URL, { ehloName });
  if (relays?.ok === false) problems.push(...relays.problems.map((problem) => `RELAY_URL: ${problem}`));
  if (texts.RELAY_URL !== undefined && texts.DOMAINS === undefined) {
    problems.push(`DOMAINS: expected ${SETTINGS.DOMAINS.expected}; with a RELAY_URL they must be named`);
  }
  problems.push(...missingS3(texts), ...missingInbound(texts));
  if (!parsed.success || problems.length > 0) return { ok: false, problems };

  const values = parsed.data as unknown as Values;
  return {
    ok: true,
    settings: {
      ...values,
      maxAgeMs: values.MAX_AGE_HOURS * HOUR_MS,
      retentionMs: values.RETENTION_DAYS * DAY_MS,
      eventRetentionMs: values.EVENT_RETENTION_DAYS * DAY_MS,
      ehloName,
      relays: relays?.ok === true ? relays.relays : null,
      s3: bucketOf(values),
      ...inboundOf(values, texts.RELAY_URL !== undefined),
    },
  };
}
