import { isIPv6 } from 'node:net';
import type { Clerk } from '../../clerk/clerk.ts';
import { prepareSealed } from '../../clerk/seal.ts';
import { createApp } from '../../http/app.ts';
import { createFewAtOnce } from '../../http/few-at-once.ts';
import type { Parts, SenderDomain } from '../../http/parts.ts';
import { createReceiveHook } from '../../inbound/hooks/receive-hook.ts';
import type { Receive } from '../../inbound/receive.ts';
import type { Compose } from '../../mime/message.ts';
import type { Egress } from '../../net/egress.ts';
import type { ObjectStore } from '../../objects/store.ts';
import { createGuesses } from '../../operator/guesses.ts';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import type { Sealer } from '../../secrets/sealer.ts';
import { createTickets } from '../../secrets/ticket.ts';
import type { Accounts } from './accounts.ts';
import { cannotListen } from './cannot-start.ts';
import { DEADLINES } from './deadlines.ts';
import { readDocuments } from './documents.ts';
import { sha256 } from './hasher.ts';
import { healthReport, isWritable } from './health.ts';
import { clerkHost, clock } from './host.ts';
import { newId, randomBytes } from './ids.ts';
import { operatorKey } from './keys.ts';
import type { SecretKey } from './secret-key.ts';
import type { HttpServer } from './server.ts';
import { openServer } from './server.ts';

/** A JSON body holds 40 MiB of message as base64 no more; larger files come by upload. */
const BODY_CAP_BYTES = 45 * 1024 * 1024;

/** Mails of the largest size that providers may bring at the same time: they are in memory until they are proved. */
const LARGEST_AT_ONCE = 4;

/** Received mails with their images in them that are put together at the same time: twenty would be a gigabyte. */
const LARGE_ANSWERS_AT_ONCE = 2;

/** The API and its listener. */
export async function openHttp(
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
    readonly compose: Compose;
    readonly receive: Receive;
    readonly log: Log;
  },
): Promise<{ readonly server: HttpServer; readonly url: string; readonly refuse: () => void }> {
  const { accounts, clerk, objects, domains, secretKey, sealer, egress, relayLimit, compose, receive, log } =
    parts;
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
    throw cannotListen({ host: settings.HOST, port: settings.PORT, setting: 'PORT' }, cause);
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
    tickets: ticketsOf(secretKey),
    receive,
    receiveHook: createReceiveHook({
      receive,
      egress,
      settings: {
        mailgunSigningKey: settings.MAILGUN_SIGNING_KEY ?? null,
        sesTopicArns: settings.SES_TOPIC_ARNS,
        maxBytes: settings.INBOUND_MAX_BYTES,
        heldBytes: LARGEST_AT_ONCE * settings.INBOUND_MAX_BYTES,
      },
      log,
    }),
    clock: clock.now,
    newId,
    randomBytes,
    settings: httpSettings(settings, { url, domains }),
    accepting: async () => !isStopping && (await isWritable(settings.DATA_DIR)),
    health: () => healthReport({ clerk, dataDir: settings.DATA_DIR }),
    documents: readDocuments(),
    log,
    wake: (account) => clerk.wake(account),
    guesses,
    // What comes of it is JSON before the loop turns.
    largeAnswers: createFewAtOnce({
      places: LARGE_ANSWERS_AT_ONCE,
      later: (leave) => void setImmediate(leave),
    }),
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

function ticketsOf(secretKey: SecretKey): Parts['tickets'] {
  return {
    download: createTickets(async () => secretKey('download links')),
    upload: createTickets(async () => secretKey('upload links')),
    unsubscribe: createTickets(async () => secretKey('unsubscribe links')),
    inbound: createTickets(async () => secretKey('inbound links')),
  };
}

function httpSettings(
  settings: Settings,
  { url, domains }: { readonly url: string; readonly domains: readonly SenderDomain[] | null },
): Parts['settings'] {
  return {
    publicUrl: settings.PUBLIC_URL ?? url,
    domains,
    rateLimit: settings.RATE_LIMIT,
    keyPrefix: settings.KEY_PREFIX,
    simulatedDomain: settings.SIMULATED_DOMAIN ?? null,
    bodyCap: BODY_CAP_BYTES,
    receivingDomains: settings.receivingDomains,
    returnPathDomain: settings.RETURN_PATH_DOMAIN ?? null,
    forwardTo: settings.FORWARD_TO,
    inboundMaxBytes: settings.INBOUND_MAX_BYTES,
  };
}

/** Where this machine itself reaches us: a listener on every address is reached through loopback. */
function listeningUrl(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}
