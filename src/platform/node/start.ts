import { mkdirSync } from 'node:fs';
import { Clerk } from '../../clerk/clerk.ts';
import type { SenderDomain } from '../../http/parts.ts';
import { OPERATOR_ACCOUNT } from '../../http/parts.ts';
import type { MailroomConfig } from '../../mailroom/mailroom.ts';
import { NewerDatabase } from '../../mailroom/migrations.ts';
import { compose as composeMail } from '../../mime/compose.ts';
import type { Compose } from '../../mime/message.ts';
import { createReturnPaths } from '../../mime/return-path.ts';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import type { Relay } from '../../relay/relay.ts';
import { createSealer } from '../../secrets/sealer.ts';
import type { Accounts } from './accounts.ts';
import { openAccounts } from './accounts.ts';
import { banner } from './banner.ts';
import { CannotStart } from './cannot-start.ts';
import type { Circle } from './catch-all.ts';
import { openControl } from './control.ts';
import { knownDomains } from './domains.ts';
import { openFunnel } from './funnel.ts';
import { sha256OfBytes } from './hasher.ts';
import { clerkHost, clock } from './host.ts';
import { openHttp } from './http.ts';
import { hasNoKey, makeFirstKey } from './keys.ts';
import { lockFolder } from './lock.ts';
import { openObjects } from './objects.ts';
import { openLog } from './open-log.ts';
import { operate } from './operate.ts';
import { openOutward } from './outward.ts';
import { openReading, type Reading } from './reading.ts';
import { openRelays } from './relays.ts';
import { openSecretKey } from './secret-key.ts';
import { openSmtp, placeOf } from './smtp.ts';

/** delivery.md section 15: everything is over within 10 s. What is left of them ends sockets (QUIT takes up to 2 s). */
const CLERK_WITHIN_MS = 7_500;
const REQUESTS_WITHIN_MS = 500;
/** Ordinary mail is read in a moment; what is broken off is read again at the next start. */
const READER_WITHIN_MS = 3_000;

/** Here a digest is there at once, and no thread of the pool need be asked for it. */
const compose: Compose = (message) => composeMail(message, sha256OfBytes);

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
  // What the catch-all catches comes back through it. Nothing is sent before the clerk starts.
  const funnel: { open: Circle | null } = { open: null };
  const relays = await openRelays(settings, { account: OPERATOR_ACCOUNT, circle: () => funnel.open, log });
  undo.push(relays.close);
  const domains =
    settings.DOMAINS === undefined
      ? null
      : knownDomains({ dataDir, names: settings.DOMAINS, now: clock.now() });
  const config = mailroomConfig(settings, { relays: relays.all, domains });
  const accounts = openAccounts({ dataDir, config, lost: (cause) => fatal(cause, log) });
  undo.push(accounts.close);
  accounts.create(OPERATOR_ACCOUNT);
  await refuseNewer(accounts);
  const objects = await openObjects(settings, log);
  const secretKey = openSecretKey({ dataDir, given: settings.SECRET_KEY });
  const sealer = createSealer(secretKey('webhook secrets'));
  const own = settings.PUBLIC_URL === undefined ? [] : [settings.PUBLIC_URL];
  const egress = openOutward({ allow: settings.EGRESS_ALLOW, own });
  const returnPaths =
    settings.RETURN_PATH_DOMAIN === undefined
      ? null
      : createReturnPaths({ key: secretKey('return paths'), domain: settings.RETURN_PATH_DOMAIN });
  const reading: { open: Reading | null } = { open: null };
  const clerk = new Clerk({
    rooms: accounts,
    relays: relays.all,
    objects,
    compose,
    host: clerkHost(log),
    webhooks: { egress, sealer },
    ...(returnPaths === null ? {} : { returnPaths }),
  });
  funnel.open = openFunnel(settings, {
    accounts,
    objects,
    returnPaths,
    log,
    wake: (account) => reading.open?.reader.wake(account),
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
    compose,
    receive: funnel.open.receive,
    log,
  });
  undo.push(() => http.server.close(0));
  own.push(http.url);
  const control = await openControl({
    dataDir,
    answer: (request) => operate(request, { clerk, accounts, prefix, now: clock.now }),
  });
  undo.push(control.close);
  const { reader, close: endThreads } = openReading(settings, {
    rooms: accounts,
    finished: (account) => clerk.wake(account),
    publicUrl: settings.PUBLIC_URL ?? http.url,
    secretKey,
    log,
  });
  reading.open = { reader, close: endThreads };
  const smtp = await openSmtp(settings, { funnel: funnel.open, log });
  undo.push(async () => smtp?.close(0));
  await clerk.start();
  reader.start();
  const newKey = await firstKey(settings, accounts);
  log({
    level: 'info',
    event: 'started',
    url: http.url,
    relays: relays.all.map(({ name }) => name).join(' '),
    smtp: smtp === null ? null : placeOf(smtp),
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
      smtp: smtp === null ? null : placeOf(smtp),
      newKey,
      egressAllow: settings.EGRESS_ALLOW ?? null,
      from: `you@${settings.DOMAINS?.[0] ?? 'example.com'}`,
    }),
    async stop() {
      http.refuse();
      control.close();
      await Promise.all([
        clerk.stop(CLERK_WITHIN_MS),
        reader.stop(READER_WITHIN_MS),
        smtp?.close(CLERK_WITHIN_MS),
      ]);
      await endThreads();
      await Promise.all([http.server.close(REQUESTS_WITHIN_MS), relays.close()]);
      accounts.close();
      log({ level: 'info', event: 'stopped' });
    },
  };
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
    inboundRetentionMs: settings.inboundRetentionMs,
    returnPaths: settings.RETURN_PATH_DOMAIN !== undefined,
  };
}

/** Before anything is sent. What else is wrong with a database is told where it is used. */
async function refuseNewer(accounts: Accounts): Promise<void> {
  for (const name of accounts.names()) {
    await accounts.room(name).catch((cause: unknown) => {
      if (cause instanceof NewerDatabase) throw cause;
    });
  }
}

/** With API_KEY set the operator has a key already; otherwise one is made while the account has none. */
async function firstKey(settings: Settings, accounts: Accounts): Promise<string | null> {
  const room = await accounts.room(OPERATOR_ACCOUNT);
  if (settings.API_KEY !== undefined || room === null || !(await hasNoKey(room))) return null;
  return makeFirstKey({ room, account: OPERATOR_ACCOUNT, prefix: settings.KEY_PREFIX, now: clock.now() });
}
