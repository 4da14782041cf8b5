import { mkdirSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { Clerk } from '../../clerk/clerk.ts';
import { prepareSealed } from '../../clerk/seal.ts';
import { createApp } from '../../http/app.ts';
import type { SenderDomain } from '../../http/parts.ts';
import { OPERATOR_ACCOUNT } from '../../http/parts.ts';
import type { MailroomConfig } from '../../mailroom/mailroom.ts';
import { compose } from '../../mime/compose.ts';
import type { Egress } from '../../net/egress.ts';
import type { ObjectStore } from '../../objects/store.ts';
import { createGuesses } from '../../operator/guesses.ts';
import type { Log } from '../../operator/log.ts';
import { createLog } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import type { Relay } from '../../relay/relay.ts';
import { createSealer, type Sealer } from '../../secrets/sealer.ts';
import { createTickets } from '../../secrets/ticket.ts';
import type { Accounts } from './accounts.ts';
import { openAccounts } from './accounts.ts';
import { banner } from './banner.ts';
import { openControl } from './control.ts';
import { DEADLINES } from './deadlines.ts';
import { readDocuments } from './documents.ts';
import { knownDomains } from './domains.ts';
import { sha256 } from './hasher.ts';
import { healthReport, isWritable } from './health.ts';
import { clerkHost, clock } from './host.ts';
import { newId, randomBytes } from './ids.ts';
import { hasNoKey, makeFirstKey, operatorKey } from './keys.ts';
import { lockFolder } from './lock.ts';
import { openObjects } from './objects.ts';
import { operate } from './operate.ts';
import { openOutward } from './outward.ts';
import { openRelays } from './relays.ts';
import type { SecretKey } from './secret-key.ts';
import { openSecretKey } from './secret-key.ts';
import type { HttpServer } from './server.ts';
import { openServer } from './server.ts';

/** A JSON body holds 40 MiB of message as base64 no more; larger files come by upload. */
const BODY_CAP_BYTES = 45 * 1024 * 1024;

/** delivery.md section 15: everything is over within 10 s. What is left of them ends sockets (QUIT takes up to 2 s). */
const CLERK_WITHIN_MS = 7_500;
const REQUESTS_WITHIN_MS = 500;

/** Why the process cannot start, in words for whoever started it. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

export interface Service {
  readonly url: string;
  /** The lines to show; they hold the first key when this start made one. */
  readonly banner: string;
  readonly log: Log;
  /** Finishes what is in flight, within 10 s. */
  stop(): Promise<void>;
}

/** Opens everything in order, and recovers before the first claim. Undone again when a step fails. */
export async function startService(
  settings: Settings,
  fatal: (cause: Error, log: Log) => void,
): Promise<Service> {
  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 });
  const lock = lockFolder(settings.DATA_DIR);
  if (lock === null) throw new CannotStart(`${settings.DATA_DIR} is in use by another process`);
  const undo: (() => Promise<void> | void)[] = [lock.release];
  try {
    const service = await open(settings, fatal, undo);
    return { ...service, stop: () => service.stop().finally(lock.release) };
  } catch (cause) {
    for (const step of undo.toReversed()) await step();
    throw cause;
  }
}

async function open(
  settings: Settings,
  fatal: (cause: Error, log: Log) => void,
  undo: (() => Promise<void> | void)[],
): Promise<Service> {
  const { DATA_DIR: dataDir, KEY_PREFIX: prefix } = settings;
  const log = openLog(settings);
  const relays = await openRelays(settings);
  undo.push(relays.close);
  const domains =
    settings.DOMAINS === undefined
      ? null
      : knownDomains({ dataDir, names: settings.DOMAINS, now: clock.now() });
  const config = mailroomConfig(settings, { relays: relays.all, domains });
  const accounts = openAccounts({ dataDir, config, lost: (cause) => fatal(cause, log) });
  undo.push(accounts.close);
  accounts.create(OPERATOR_ACCOUNT);
  const objects = await openObjects(settings, log);
  const secretKey = openSecretKey({ dataDir, given: settings.SECRET_KEY });
  const sealer = createSealer(secretKey('webhook secrets'));
  const own = settings.PUBLIC_URL === undefined ? [] : [settings.PUBLIC_URL];
  const egress = openOutward({ allow: settings.EGRESS_ALLOW, own });
  const clerk = new Clerk({
    rooms: accounts,
    relays: relays.all,
    objects,
    compose,
    host: clerkHost(log),
    webhooks: { egress, sealer },
  });
  const http = await openHttp(settings, {
    accounts,
    clerk,
    objects,
    domains,
    secretKey,
    sealer,
    egress,
    relayLimit: relays.sizeLimit,
    log,
  });
  undo.push(() => http.server.close(0));
  own.push(http.url);
  const control = await openControl({
    dataDir,
    answer: (request) => operate(request, { clerk, accounts, prefix, now: clock.now }),
  });
  undo.push(control.close);
  await clerk.start();
  const newKey = await firstKey(settings, accounts);
  log({
    level: 'info',
    event: 'started',
    url: http.url,
    relays: relays.all.map(({ name }) => name).join(' '),
    egressAllow: settings.EGRESS_ALLOW ?? null,
  });
  return {
    url: http.url,
    log,
    banner: banner({
      url: http.url,
      dataDir,
      relays: relays.all.map(({ name }) => name),
      caughtFolder: relays.catchAll?.folder ?? null,
      newKey,
      egressAllow: settings.EGRESS_ALLOW ?? null,
      from: `you@${settings.DOMAINS?.[0] ?? 'example.com'}`,
    }),
    async stop() {
      http.refuse();
      control.close();
      await clerk.stop(CLERK_WITHIN_MS);
      await Promise.all([http.server.close(REQUESTS_WITHIN_MS), relays.close()]);
      accounts.close();
      log({ level: 'info', event: 'stopped' });
    },
  };
}

function openLog(settings: Settings): Log {
  const passwords = (settings.relays ?? []).flatMap(({ credentials }) => credentials?.pass ?? []);
  return createLog({
    level: settings.LOG_LEVEL,
    secrets: [settings.API_KEY, settings.SECRET_KEY, settings.S3_SECRET_ACCESS_KEY, ...passwords].filter(
      (secret) => secret !== undefined,
    ),
    now: clock.now,
    write: (text) => process.stderr.write(text),
  });
}

function mailroomConfig(
  settings: Settings,
  parts: { readonly relays: readonly Relay[]; readonly domains: readonly SenderDomain[] | null },
): MailroomConfig {
  return {
    relays: parts.relays.map(({ name }) => name),
    clearRelays: parts.relays.filter(({ clear }) => clear).map(({ name }) => name),
    domains: parts.domains,
    rateLimit: settings.RATE_LIMIT,
    unknownPolicy: settings.UNKNOWN_RETRY,
    maxAgeMs: settings.maxAgeMs,
    retentionMs: settings.retentionMs,
    eventRetentionMs: settings.eventRetentionMs,
  };
}

async function openHttp(
  settings: Settings,
  parts: {
    readonly accounts: Accounts;
    readonly clerk: Clerk;
    readonly objects: ObjectStore;
    readonly domains: readonly SenderDomain[] | null;
    readonly secretKey: SecretKey;
    readonly sealer: Sealer;
    readonly egress: Egress;
    readonly relayLimit: () => number | null;
    readonly log: Log;
  },
): Promise<{ readonly server: HttpServer; readonly url: string; readonly refuse: () => void }> {
  const { accounts, clerk, objects, domains, secretKey, sealer, egress, relayLimit, log } = parts;
  const guesses = createGuesses({ monotonic: clock.monotonic, digest: sha256 });
  const host = clerkHost(log);
  let isStopping = false;
  // The address is known only when the port is: with PORT=0 the links could not be written before.
  let answer: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 });
  const server = await openServer({
    host: settings.HOST,
    port: settings.PORT,
    fetch: (request) => answer(request),
    guesses,
    monotonic: clock.monotonic,
    deadlines: DEADLINES,
  }).catch((cause: unknown) => {
    throw new CannotStart(`Cannot listen on ${settings.HOST} port ${settings.PORT}: ${reasonOf(cause)}`, {
      cause,
    });
  });
  const url = listeningUrl(settings.HOST, server.address.port);
  const app = createApp({
    account: accounts.room,
    operatorKeyMatches: operatorKey(settings.API_KEY, secretKey('operator key')),
    objects,
    compose,
    prepare: (email) => prepareSealed(email, { objects, compose, hasher: host.hasher }),
    sealer,
    egress,
    hasher: host.hasher,
    relayLimit,
    tickets: {
      download: createTickets(async () => secretKey('download links')),
      upload: createTickets(async () => secretKey('upload links')),
    },
    clock: clock.now,
    newId,
    randomBytes,
    settings: {
      publicUrl: settings.PUBLIC_URL ?? url,
      domains,
      rateLimit: settings.RATE_LIMIT,
      keyPrefix: settings.KEY_PREFIX,
      simulatedDomain: settings.SIMULATED_DOMAIN ?? null,
      bodyCap: BODY_CAP_BYTES,
    },
    accepting: async () => !isStopping && (await isWritable(settings.DATA_DIR)),
    health: () => healthReport({ clerk, dataDir: settings.DATA_DIR }),
    documents: readDocuments(),
    log,
    wake: (account) => clerk.wake(account),
    guesses,
  });
  answer = (request) => app.fetch(request);
  return {
    server,
    url,
    refuse() {
      isStopping = true;
      server.refuse();
    },
  };
}

/** With API_KEY set the operator has a key already; otherwise one is made while the account has none. */
async function firstKey(settings: Settings, accounts: Accounts): Promise<string | null> {
  const room = await accounts.room(OPERATOR_ACCOUNT);
  if (settings.API_KEY !== undefined || room === null || !(await hasNoKey(room))) return null;
  return makeFirstKey({ room, account: OPERATOR_ACCOUNT, prefix: settings.KEY_PREFIX, now: clock.now() });
}

/** Where this machine itself reaches us: a listener on every address is reached through loopback. */
function listeningUrl(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause) {
    if (cause.code === 'EADDRINUSE') return 'the port is taken; choose another with PORT';
    if (cause.code === 'EACCES') return 'this port is not allowed; choose another with PORT';
  }
  return cause instanceof Error ? cause.message : String(cause);
}
