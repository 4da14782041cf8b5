import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { ERRORS } from '../../schemas/error.ts';
import { ErrorBody } from '../../schemas/error-body.ts';
import { ANY_TYPE, errorsOf, type Operation } from '../../schemas/operation.ts';
import { OPERATIONS } from '../../schemas/operations.ts';
import { matchRoute } from '../../schemas/route.ts';
import { prepareSealed } from '../../src/clerk/seal.ts';
import { createApp } from '../../src/http/app.ts';
import type { HealthReport, LogLine, Parts, Settings } from '../../src/http/parts.ts';
import { createReceive } from '../../src/inbound/funnel.ts';
import { createReceiveHook } from '../../src/inbound/hooks/receive-hook.ts';
import { createJudge } from '../../src/inbound/judge.ts';
import { hashKey, mintKey } from '../../src/mailroom/key-format.ts';
import type { Async, Mailroom } from '../../src/mailroom/mailroom.ts';
import { openMailroom } from '../../src/mailroom/open.ts';
import { uuidV7 } from '../../src/mailroom/uuid.ts';
import { compose } from '../../src/mime/compose.ts';
import { NOTHING_ALLOWED } from '../../src/net/allowance.ts';
import { createEgress } from '../../src/net/create-egress.ts';
import type { Exchanged } from '../../src/net/driver.ts';
import { groupCommit } from '../../src/platform/node/group.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import { createSealer } from '../../src/secrets/sealer.ts';
import { createTickets } from '../../src/secrets/ticket.ts';
import { type MemoryObjects, memoryObjects } from '../support/memory-objects.ts';
import { ROOM_CONFIG } from '../support/room-config.ts';

export const OPERATOR_KEY = 'operator-key-of-this-house-0001';
export const DOMAIN_ID = '11111111-1111-4111-8111-111111111111';
export const OTHER_DOMAIN_ID = '22222222-2222-4222-8222-222222222222';
/** 2026-02-20, a Friday, 14:00 UTC. */
export const NOON = Date.UTC(2026, 1, 20, 14);

/** Anybody's: it is never connected to. */
const PUBLIC_ADDRESS = '93.184.215.14';

export interface CallOptions {
  /** A key, or none at all with null. Default: the operator's. */
  readonly key?: string | null;
  /** A value to be written as JSON, or text and bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body of a JSON answer. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
  readonly body: any;
  readonly bytes: Uint8Array;
}

export interface House {
  now: number;
  health: HealthReport;
  accepting: boolean;
  /** How often more than that was asked for. */
  healthAsked: number;
  readonly parts: Parts;
  readonly store: MemoryObjects;
  readonly log: LogLine[];
  readonly funnelLog: object[];
  readonly woken: string[];
  /** What a name leads to; every other one leads to a public address. */
  readonly names: Map<string, readonly string[]>;
  /** What is at a URL, asked for at each visit. */
  readonly web: Map<string, () => Exchanged | Promise<Exchanged>>;
  /** URLs that were visited, in order. */
  readonly fetched: string[];
  /** Verbs called on any room, in order. */
  readonly verbs: string[];
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** The app itself, for a listener in front of it. */
  fetch(request: Request): Promise<Response>;
  /** The same as `call`, for a request that was built by hand. */
  request(request: Request): Promise<Reply>;
  room(account?: string): Mailroom;
  sql(account?: string): SqliteFile;
  newKey(options?: {
    readonly account?: string;
    readonly permission?: 'full_access' | 'sending_access';
    readonly domain?: string;
  }): Promise<string>;
}

/** A whole house but for the clerk: real rooms over SQLite in memory, a clock that is told the time. */
export function house(settings: Partial<Settings> = {}, over: Partial<Parts> = {}): House {
  const store = memoryObjects();
  const rooms = new Map<
    string,
    { readonly sql: SqliteFile; readonly room: Mailroom; readonly far: Async<Mailroom> }
  >();
  const all: Settings = {
    publicUrl: 'http://127.0.0.1:3025',
    domains: [
      { id: DOMAIN_ID, name: 'mine.example', createdAt: NOON },
      { id: OTHER_DOMAIN_ID, name: 'other.example', createdAt: NOON },
    ],
    rateLimit: 100,
    keyPrefix: 'mw_',
    simulatedDomain: 'simulated.example',
    bodyCap: 45 * 1024 * 1024,
    receivingDomains: ['mine.example'],
    returnPathDomain: 'bounce.example',
    forwardTo: ['Desk@elsewhere.example', 'me@mine.example'],
    inboundMaxBytes: 1024 * 1024,
    ...settings,
  };
  const it: House = {
    now: NOON,
    accepting: true,
    healthAsked: 0,
    health: {
      relays: [{ name: 'main', state: 'open', reason: null, since: null, nextProbeAt: null }],
      storage: { writable: true, freeBytes: 1_000_000 },
    },
    store,
    log: [],
    funnelLog: [],
    woken: [],
    names: new Map(),
    web: new Map(),
    fetched: [],
    verbs: [],
    parts: {
      account: async (name) => (name === 'default' || rooms.has(name) ? openFar(name) : null),
      operatorKeyMatches: async (token) => token === OPERATOR_KEY,
      objects: store,
      compose,
      prepare: (email) => prepareSealed(email, { objects: store, compose, hasher: newHasher }),
      sealer: createSealer(new Uint8Array(32).fill(7)),
      egress: createEgress({
        policy: { allowance: NOTHING_ALLOWED, own: [all.publicUrl], literals: true },
        driver: {
          resolve: async ({ target }) => ({
            ok: true,
            addresses: it.names.get(target.host) ?? [PUBLIC_ADDRESS],
          }),
          exchange: async ({ target }) => {
            const answer = it.web.get(target.url);
            if (answer === undefined) throw new Error(`Nobody is at ${target.url}`);
            it.fetched.push(target.url);
            return answer();
          },
        },
        after: () => () => {},
      }),
      hasher: newHasher,
      tickets: {
        download: createTickets(async () => new Uint8Array(32).fill(1)),
        upload: createTickets(async () => new Uint8Array(32).fill(2)),
        unsubscribe: createTickets(async () => new Uint8Array(32).fill(3)),
        inbound: createTickets(async () => new Uint8Array(32).fill(4)),
      },
      receive: (delivery) => receive(delivery),
      receiveHook: (call) => receiveHook(call),
      clock: () => it.now,
      newId: () => uuidV7({ now: it.now, random: randomBytes(10) }),
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      settings: all,
      accepting: async () => it.accepting,
      health: async () => {
        it.healthAsked += 1;
        return it.health;
      },
      documents: { yaml: async () => 'openapi: 3.1.0\n', json: async () => '{"openapi":"3.1.0"}' },
      log: (line) => it.log.push(line),
      wake: (account) => it.woken.push(account),
      ...over,
    },
    call: (method, path, options = {}) => it.request(requestOf(method, path, options)),
    fetch: async (request) => await app.fetch(request),
    request: async (request) => checked(request, await app.request(request), all),
    room: (account = 'default') => open(account).room,
    sql: (account = 'default') => open(account).sql,
    async newKey({ account = 'default', permission = 'full_access', domain } = {}) {
      const { token, publicId } = mintKey({ prefix: all.keyPrefix, account, random: it.parts.randomBytes });
      const made = open(account).room.createApiKey({
        key: {
          id: it.parts.newId(),
          publicId,
          hash: await hashKey(token),
          name: 'a key',
          permission,
          domain: domain ?? null,
        },
        now: it.now,
      });
      expect(made.ok).toBe(true);
      return token;
    },
  };
  const receive = createReceive({
    room: it.parts.account,
    judge: createJudge({ room: it.parts.account, returnPaths: null, log: () => {}, settings: all }),
    objects: store,
    host: { now: it.parts.clock, log: (line) => it.funnelLog.push(line) },
    newId: it.parts.newId,
    wake: it.parts.wake,
    maxBytes: all.inboundMaxBytes,
  });
  const receiveHook = createReceiveHook({
    receive,
    egress: it.parts.egress,
    settings: {
      mailgunSigningKey: null,
      sesTopicArns: [],
      maxBytes: all.inboundMaxBytes,
      heldBytes: all.inboundMaxBytes,
    },
    log: (line) => it.funnelLog.push(line),
  });
  const app = createApp(it.parts);

  function open(account: string) {
    const known = rooms.get(account);
    if (known !== undefined) return known;
    const sql = openSqlite(':memory:');
    const room = openMailroom({
      sql,
      newId: () => it.parts.newId(),
      random: Math.random,
      config: {
        ...ROOM_CONFIG,
        domains: all.domains,
        rateLimit: all.rateLimit,
      },
    });
    const opened = { sql, room, far: recorded(groupCommit({ sql, room }), it.verbs) };
    rooms.set(account, opened);
    return opened;
  }

  function openFar(account: string) {
    return open(account).far;
  }

  return it;
}

function recorded(room: Async<Mailroom>, verbs: string[]): Async<Mailroom> {
  return new Proxy(room, {
    get(target, name, receiver) {
      if (name !== 'then') verbs.push(String(name));
      return Reflect.get(target, name, receiver);
    },
  });
}

function newHasher() {
  const hash = createHash('sha256');
  return {
    update: (piece: Uint8Array) => void hash.update(piece),
    digest: async () => hash.digest('hex'),
  };
}

export function requestOf(method: string, path: string, { key, body, headers }: CallOptions): Request {
  const auth = key === null ? {} : { authorization: `Bearer ${key ?? OPERATOR_KEY}` };
  return new Request(`http://127.0.0.1:3025${path}`, {
    method,
    headers: { ...auth, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: bodyOf(body) }),
  });
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

/**
 * What every answer of every test is held to: the table's own schema for the status (parsed and compared, so that a leaked
 * field shows), error codes that the operation lists, one error body, rate headers that are whole numbers.
 */
async function checked(request: Request, response: Response, { rateLimit }: Settings): Promise<Reply> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const { status, headers } = response;
  const match = matchRoute(request.method === 'HEAD' ? 'GET' : request.method, new URL(request.url).pathname);
  const operation: Operation | null = match.kind === 'operation' ? OPERATIONS[match.id] : null;
  checkRateHeaders(headers, rateLimit);
  if (request.method === 'HEAD') return { status, headers, body: null, bytes };
  expect(bytes.length).toBeGreaterThan(0);
  const answer = operation?.answers[status as 200 | 201];
  if (status < 300 && answer !== undefined && 'mediaType' in answer) {
    if (answer.mediaType === ANY_TYPE) expect(headers.get('content-type')).toMatch(/^[a-z]+\/[^/]+$/);
    else expect(headers.get('content-type')).toContain(answer.mediaType);
    return { status, headers, body: null, bytes };
  }
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  const body = JSON.parse(text);
  if (status < 300) {
    expect(answer, `${request.method} ${request.url} answers ${status}`).toBeDefined();
    if (answer instanceof z.ZodType) expect(answer.parse(body)).toEqual(body);
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['statusCode', 'error']));
  } else {
    expect(ErrorBody.parse(body)).toEqual(body);
    expect(body.statusCode).toBe(status);
    if (operation !== null) {
      const listed = errorsOf(operation).map((code) => `${ERRORS[code].status} ${ERRORS[code].name}`);
      const told = `${status} ${body.name}`;
      if (told !== '404 not_found' || body.message !== 'The requested endpoint does not exist.') {
        expect(listed, `${request.method} ${request.url}: ${body.message}`).toContain(told);
      }
    }
    expect(text).not.toMatch(/sqlite|\bat \/|node:|\.ts\b|SELECT |INSERT /i);
  }
  return { status, headers, body, bytes };
}

function checkRateHeaders(headers: Headers, rateLimit: number): void {
  const names = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'];
  if (rateLimit === 0) {
    for (const name of [...names, 'ratelimit-policy']) expect(headers.has(name)).toBe(false);
    return;
  }
  for (const name of names) expect(headers.get(name)).toMatch(/^\d+$/);
  expect(headers.get('ratelimit-policy')).toMatch(/^\d+;w=1$/);
}

/** A send that is right in every field. */
export function mail(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    from: 'Mine <hello@mine.example>',
    to: ['ada@people.example'],
    subject: 'A subject',
    html: '<p>Hello</p>',
    ...over,
  };
}
