import { prepareSealed } from '../../clerk/seal.ts';
import { createApp } from '../../http/app.ts';
import { type HealthReport, OPERATOR_ACCOUNT, type Parts, type RelayHealth } from '../../http/parts.ts';
import { createReceiveHook, type HookSettings } from '../../inbound/hooks/receive-hook.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../mailroom/uuid.ts';
import { compose } from '../../mime/compose.ts';
import { domainId } from '../../operator/domain-id.ts';
import { createGuesses } from '../../operator/guesses.ts';
import { deriveKey } from '../../secrets/derive.ts';
import { createTickets } from '../../secrets/ticket.ts';
import { deployedDocuments } from './documents.ts';
import type { Env } from './env.ts';
import { workerReceive } from './funnel.ts';
import { sha256 } from './hasher.ts';
import { workerHost, workerLog } from './host.ts';
import { isOperatorKey } from './operator-key.ts';
import { workerEgress, workerSealer } from './outward.ts';
import { relayObject } from './relay-object.ts';
import { remoteRoom } from './remote-room.ts';
import type { WorkerSettings } from './settings.ts';
import { workerStore } from './store.ts';

/** An isolate has 128 MB, and a JSON body is in memory as bytes, as text and as values at once. */
const BODY_CAP_BYTES = 16 * 1024 * 1024;
/** Of mails that providers bring at the same time: one of the largest, and some that are not. */
const HELD_BYTES = 48 * 1024 * 1024;

const now = (): number => Date.now();

/** The API, with the parts of this host. */
export function workerApi(parts: {
  readonly env: Env;
  readonly settings: WorkerSettings;
}): (request: Request) => Promise<Response> {
  const { env, settings } = parts;
  const accounts = new Set([OPERATOR_ACCOUNT, ...settings.accounts.map(({ name }) => name)]);
  const log = workerLog(settings);
  const host = workerHost({ log, now });
  const { hasher, after } = host;
  const objects = workerStore({ env, settings, host });
  const { SECRET_KEY: secret } = settings;
  // Each isolate counts for itself: enough that nobody makes the rooms work by guessing.
  const guesses = createGuesses({ monotonic: now, digest: sha256 });
  // Asking a Durable Object by name makes it: a name that is not configured is never asked.
  const room = async (name: string) => (accounts.has(name) ? remoteRoom(env.MAILROOM, name) : null);
  const egress = workerEgress({ settings, after });
  const receive = workerReceive({ room, settings, objects, host });
  const app = createApp({
    account: room,
    operatorKeyMatches: (token) => isOperatorKey(token, settings.API_KEY),
    objects,
    compose,
    prepare: (email) => prepareSealed(email, { objects, compose, hasher }),
    sealer: workerSealer(settings),
    egress,
    hasher,
    tickets: {
      download: createTickets(() => deriveKey({ secret, purpose: 'download links' })),
      upload: createTickets(() => deriveKey({ secret, purpose: 'upload links' })),
      unsubscribe: createTickets(() => deriveKey({ secret, purpose: 'unsubscribe links' })),
      inbound: createTickets(() => deriveKey({ secret, purpose: 'inbound links' })),
    },
    receive,
    receiveHook: createReceiveHook({ receive, egress, settings: hookSettings(settings), log: host.log }),
    clock: now,
    newId: () => uuidV7({ now: now(), random: crypto.getRandomValues(new Uint8Array(UUID_RANDOM_BYTES)) }),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    settings: httpSettings(env, settings),
    // A Worker that runs can accept: what it stores to is another's to keep up.
    accepting: async () => true,
    health: () => health(env, settings),
    documents: deployedDocuments(env.DOCUMENTS),
    log,
    // The mailroom object has set its own alarm in the commit that brought the work.
    wake: () => {},
    guesses,
  });
  return async (request) => {
    guesses.from(request, request.headers.get('cf-connecting-ip') ?? '');
    const response = await app.fetch(request);
    if (response.ok) guesses.succeeded(request);
    return response;
  };
}

function httpSettings(env: Env, settings: WorkerSettings): Parts['settings'] {
  const createdAt = Date.parse(env.VERSION.timestamp);
  return {
    publicUrl: settings.PUBLIC_URL,
    domains: settings.DOMAINS?.map((name) => ({ id: domainId(name, sha256), name, createdAt })) ?? null,
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

function hookSettings(settings: WorkerSettings): HookSettings {
  return {
    mailgunSigningKey: settings.MAILGUN_SIGNING_KEY ?? null,
    sesTopicArns: settings.SES_TOPIC_ARNS,
    maxBytes: settings.INBOUND_MAX_BYTES,
    heldBytes: Math.max(HELD_BYTES, settings.INBOUND_MAX_BYTES),
  };
}

/** Every relay as its objects know it; of the shards of one relay, the worst off speaks for all. */
async function health(env: Env, settings: WorkerSettings): Promise<HealthReport> {
  const relays = await Promise.all(
    settings.relays.map(async ({ name }) => {
      const shards = Array.from({ length: settings.relayShards }, (_, shard) => shard);
      const found = await Promise.all(
        shards.map((shard) => relayObject(env.RELAY, { relay: name, shard }).health()),
      );
      return found.reduce<RelayHealth>(worse, {
        name,
        state: 'open',
        reason: null,
        since: null,
        nextProbeAt: null,
      });
    }),
  );
  return { relays, storage: { writable: true, freeBytes: null } };
}

const WORST_LAST = ['open', 'paused', 'broken', 'held'] as const satisfies readonly RelayHealth['state'][];

function worse(one: RelayHealth, other: RelayHealth): RelayHealth {
  return WORST_LAST.indexOf(other.state) > WORST_LAST.indexOf(one.state) ? other : one;
}
