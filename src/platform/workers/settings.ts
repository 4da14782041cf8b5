import * as z from 'zod';
import type { MailroomConfig } from '../../mailroom/mailroom.ts';
import { domainId } from '../../operator/domain-id.ts';
import {
  readSettings,
  SETTINGS,
  type Settings,
  type SettingName as SharedName,
} from '../../operator/settings.ts';
import type { RelayConfig } from '../../relay/relay.ts';
import { problemsOnWorkers, readRelayUrls } from '../../relay/relay-url.ts';
import { sha256 } from './hasher.ts';

/** Threats: too few bytes of key let a link be forged. */
const MIN_SECRET_KEY_CHARACTERS = 32;
const MAX_SHARDS = 64;

/** An account, and of its first key what is no secret. */
const ACCOUNT_ENTRY = /^[a-z0-9-]{1,32}:[0-9A-Za-z]{12}:[0-9a-f]{64}$/;

/** An account beside the operator's, and the key it begins with. The token itself is nowhere. */
export interface NamedAccount {
  readonly name: string;
  readonly publicId: string;
  /** Lower-case hex SHA-256 of the token. */
  readonly hash: string;
}

function accountOf(entry: string): NamedAccount {
  const [name = '', publicId = '', hash = ''] = entry.split(':');
  return { name, publicId, hash };
}

const OWN = {
  SECRET_KEY: {
    schema: z.string().min(MIN_SECRET_KEY_CHARACTERS),
    expected: 'a secret of 32 bytes or more',
  },
  RELAY_SHARDS: {
    schema: z
      .string()
      .regex(/^[0-9]{1,2}$/)
      .transform(Number)
      .refine((count) => count >= 1 && count <= MAX_SHARDS)
      .default(1),
    expected: `a whole number from 1 to ${MAX_SHARDS}`,
  },
  ACCOUNTS: {
    schema: z
      .string()
      .transform((list) => list.split(',').map((entry) => entry.trim()))
      .pipe(z.array(z.string().regex(ACCOUNT_ENTRY).transform(accountOf)))
      .default([]),
    expected:
      'entries of the form name:public id:hash, separated by commas; `npm run account:workers` prints them',
  },
  // Set by `npm run dev` alone, which starts the listener behind it.
  CATCH_ALL_PORT: {
    schema: z
      .string()
      .regex(/^[0-9]{1,5}$/)
      .transform(Number)
      .optional(),
    expected: 'the port of the catch-all listener on this machine',
  },
} as const;

type OwnName = keyof typeof OWN;
const OWN_NAMES = Object.keys(OWN) as readonly OwnName[];

/** Settings that only a process of our own can have. */
const HOST_ONLY = [
  'PORT',
  'HOST',
  'DATA_DIR',
  // There is no inbound TCP on Workers: mail comes by `email()` and over HTTP.
  'SMTP_PORT',
  'SMTP_HOST',
  'SMTP_TLS_CERT',
  'SMTP_TLS_KEY',
] as const;
type HostName = (typeof HOST_ONLY)[number];
const HOST_NAMES: ReadonlySet<string> = new Set(HOST_ONLY);

export type SettingName = Exclude<SharedName, HostName> | OwnName;

/** Every setting of a Worker. */
export const SETTING_NAMES: readonly SettingName[] = [
  ...(Object.keys(SETTINGS) as SharedName[]).filter(
    (name): name is Exclude<SharedName, HostName> => !HOST_NAMES.has(name),
  ),
  ...OWN_NAMES,
];

export interface WorkerSettings extends Omit<Settings, HostName | 'relays' | 'smtp' | 'PUBLIC_URL'> {
  readonly PUBLIC_URL: string;
  readonly SECRET_KEY: string;
  readonly relays: readonly RelayConfig[];
  readonly relayShards: number;
  /** Accounts that exist beside the operator's. */
  readonly accounts: readonly NamedAccount[];
}

export type ReadWorkerSettings =
  | { readonly ok: true; readonly settings: WorkerSettings }
  /** One line for each wrong setting; never a value. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads variables and secrets of a Worker: the other host's rules, and what is different here. */
export function readWorkerSettings(env: Readonly<Record<string, unknown>>): ReadWorkerSettings {
  const texts = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, env[name]] as const).filter(
      (entry): entry is readonly [SettingName, string] => typeof entry[1] === 'string' && entry[1] !== '',
    ),
  ) as Partial<Record<SettingName, string>>;
  const own = z
    .object(Object.fromEntries(OWN_NAMES.map((name) => [name, OWN[name].schema])))
    .safeParse(texts);
  const shared = readSettings(texts, { hostname: hostOf(texts.PUBLIC_URL) });
  const problems = shared.ok ? [] : [...shared.problems];
  for (const issue of own.success ? [] : own.error.issues) {
    const name = issue.path[0] as OwnName;
    problems.push(`${name}: expected ${OWN[name].expected}`);
  }
  if (texts.PUBLIC_URL === undefined) problems.push(`PUBLIC_URL: expected ${SETTINGS.PUBLIC_URL.expected}`);
  if (texts.RELAY_URL === undefined && texts.CATCH_ALL_PORT === undefined) {
    problems.push(`RELAY_URL: expected ${SETTINGS.RELAY_URL.expected}; there is no catch-all on Workers`);
  }
  problems.push(...relayProblems(texts.RELAY_URL));
  if (!shared.ok || !own.success || problems.length > 0) return { ok: false, problems };

  const { RELAY_SHARDS, ACCOUNTS, CATCH_ALL_PORT, SECRET_KEY } = own.data as {
    readonly [Name in OwnName]: z.output<(typeof OWN)[Name]['schema']>;
  };
  const { PUBLIC_URL, relays, smtp: _none, ...settings } = shared.settings;
  return {
    ok: true,
    settings: {
      ...settings,
      PUBLIC_URL: PUBLIC_URL ?? '',
      SECRET_KEY,
      relays: relays ?? [catchAll(CATCH_ALL_PORT ?? 0, settings.ehloName)],
      relayShards: RELAY_SHARDS,
      accounts: ACCOUNTS,
    },
  };
}

/** What this host cannot reach is said when it is configured, not when mail is due. */
function relayProblems(text: string | undefined): readonly string[] {
  const read = text === undefined ? null : readRelayUrls(text, { ehloName: 'localhost' });
  const relays = read?.ok === true ? read.relays : [];
  return relays.flatMap(problemsOnWorkers).map((problem) => `RELAY_URL: ${problem}`);
}

/** The listener that `npm run dev` starts on this machine. */
function catchAll(port: number, ehloName: string): RelayConfig {
  return {
    name: 'caught',
    endpoints: [{ host: 'localhost', port, security: 'none' }],
    credentials: null,
    connections: 4,
    rate: null,
    ehloName,
  };
}

/** A Worker runs on no machine of its own. */
function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : '';
}

const read = new WeakMap<object, ReadWorkerSettings>();

/** Read once for each set of bindings the runtime hands out. */
export function readOnce(env: object): ReadWorkerSettings {
  const known = read.get(env) ?? readWorkerSettings(env as Readonly<Record<string, unknown>>);
  read.set(env, known);
  return known;
}

/** @throws when they are wrong: an object cannot work with them, and whoever calls it hears why. */
export function settingsOf(env: object): WorkerSettings {
  const settings = readOnce(env);
  if (!settings.ok) throw new Error(wrongSettings(settings.problems));
  return settings.settings;
}

/** One message that lists everything that is wrong. */
export function wrongSettings(problems: readonly string[]): string {
  return `The settings are wrong.\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
}

export function mailroomConfig(settings: WorkerSettings): MailroomConfig {
  return {
    relays: settings.relays.map(({ name }) => name),
    clearRelays: settings.relays
      .filter(({ endpoints }) => endpoints.some(({ security }) => security === 'none'))
      .map(({ name }) => name),
    domains: settings.DOMAINS?.map((name) => ({ id: domainId(name, sha256), name })) ?? null,
    rateLimit: settings.RATE_LIMIT,
    unknownPolicy: settings.UNKNOWN_RETRY,
    maxAgeMs: settings.maxAgeMs,
    retentionMs: settings.retentionMs,
    eventRetentionMs: settings.eventRetentionMs,
    inboundRetentionMs: settings.inboundRetentionMs,
    returnPaths: settings.RETURN_PATH_DOMAIN !== undefined,
  };
}
