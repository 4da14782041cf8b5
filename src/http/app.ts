import { Hono } from 'hono';
import type { Refusal } from '../../schemas/error.ts';
import type { Operation } from '../../schemas/operation.ts';
import { OPERATIONS, type OperationId } from '../../schemas/operations.ts';
import {
  badKey,
  internalError,
  missingKey,
  rateExceeded,
  unavailable,
  unknownRoute,
  wrongMethod,
} from '../../schemas/refusal.ts';
import { matchRoute } from '../../schemas/route.ts';
import { StoreUnavailable } from '../objects/store.ts';
import { type Outgoing, rateHeaders, refuse, respond, untouchedRate } from './answer.ts';
import { apiKeys } from './api-keys.ts';
import { identify } from './auth.ts';
import { sendBatch } from './batch.ts';
import type { Context, KeyedHandlers, KeyedId, OpenId, SendId } from './context.ts';
import { document } from './documents.ts';
import { domains } from './domains.ts';
import { emailsChange } from './emails-change.ts';
import { emailsRead } from './emails-read.ts';
import { sendEmail } from './emails-send.ts';
import { Gate } from './gate.ts';
import { health } from './health.ts';
import type { Parts } from './parts.ts';
import { sendRaw } from './raw.ts';
import { readBody, readParameters } from './request.ts';
import { type SendEndpoint, send } from './send.ts';
import { suppressions } from './suppressions.ts';

const SENDS: Readonly<Record<SendId, SendEndpoint>> = { sendEmail, sendBatch, sendRaw };
const KEYED: KeyedHandlers = { ...emailsRead, ...emailsChange, ...apiKeys, ...suppressions, ...domains };

/** Words of the contract below `/emails/` whose operations do not exist yet: they are never read as an id. */
const RESERVED = /^\/+emails\/+(?:receiving|metrics)(?:\/|$)/;
const RETRY_AFTER_SECONDS = 5;

/** A request on its way, and what has been learned that every answer must say. */
interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly now: number;
  rate: ReturnType<typeof untouchedRate>;
}

/** The API. Portable: everything that differs between hosts is in `parts`. */
export function createApp(parts: Parts): Hono {
  const app = new Hono();
  app.all('*', ({ req }) => answer(req.raw, parts));
  return app;
}

/** The edge: the only place of this room that catches, and it hides nothing from the log. */
async function answer(request: Request, parts: Parts): Promise<Response> {
  const exchange: Exchange = {
    request,
    url: new URL(request.url),
    now: parts.clock(),
    rate: untouchedRate(parts.settings.rateLimit),
  };
  try {
    return await route(exchange, parts);
  } catch (cause) {
    if (cause instanceof StoreUnavailable) {
      return refuse(unavailable(RETRY_AFTER_SECONDS), rateHeaders(exchange.rate));
    }
    const requestId = parts.newId();
    parts.log({ level: 'error', event: 'request_failed', requestId, method: request.method, ...told(cause) });
    return refuse(internalError(), { ...rateHeaders(exchange.rate), 'x-request-id': requestId });
  }
}

/** For the operator. The writer of the log blots out addresses and secrets, should a library have put one in here. */
function told(cause: unknown): Readonly<Record<string, string>> {
  if (!(cause instanceof Error)) return { error: 'not an Error' };
  const frames = cause.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return { error: cause.name, reason: cause.message, at: frames.slice(0, 4).join(' ') };
}

async function route(exchange: Exchange, parts: Parts): Promise<Response> {
  const { request, url } = exchange;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const match = matchRoute(method, url.pathname);
  if (match.kind === 'unknown' || RESERVED.test(url.pathname)) return refused(unknownRoute(), exchange);
  if (match.kind === 'method') {
    const allow = match.allow.includes('GET') ? [...match.allow, 'HEAD'] : match.allow;
    return refused(wrongMethod(), exchange, { allow: allow.toSorted().join(', ') });
  }
  const operation: Operation = OPERATIONS[match.id];
  const guess = parts.guesses?.check(request);
  if (guess?.refused && request.headers.has('authorization')) {
    exchange.rate = guess.rate;
    return refused(rateExceeded(guess.rate.limit, guess.rate.resetSeconds), exchange);
  }
  const outgoing = isOpen(match.id)
    ? await open(match.id, exchange, parts)
    : await keyed(match.id, match.params, exchange, parts);
  return respond(operation, outgoing, rateHeaders(exchange.rate));
}

function refused(refusal: Refusal, { rate }: Exchange, headers = {}): Response {
  return refuse(refusal, { ...rateHeaders(rate), ...headers });
}

function isOpen(id: OperationId): id is OpenId {
  return OPERATIONS[id].scope === 'none';
}

function isSend(id: SendId | KeyedId): id is SendId {
  return OPERATIONS[id].scope === 'sending';
}

async function open(id: OpenId, { request, now }: Exchange, parts: Parts): Promise<Outgoing> {
  return id === 'getHealth' ? await health(request, parts, now) : document(id, parts);
}

/** Key, rate, permission; then parameters, body and the rest (contract, section 2.3). */
async function keyed(
  id: SendId | KeyedId,
  params: Readonly<Record<string, string>>,
  exchange: Exchange,
  parts: Parts,
): Promise<Outgoing> {
  const { request, now } = exchange;
  const identified = await identify(request.headers.get('authorization'), parts);
  if (identified.kind !== 'caller') {
    parts.guesses?.failed(request);
    return { refusal: identified.kind === 'missing' ? missingKey() : badKey() };
  }
  const gate = new Gate(identified.caller, isSend(id) ? 'sending' : 'full', now);
  try {
    return isSend(id)
      ? await send({ endpoint: SENDS[id], request, gate, parts, now })
      : await manage(id, params, gate, exchange, parts);
  } finally {
    if (gate.rate !== undefined) exchange.rate = gate.rate;
    if (gate.strange) parts.guesses?.failed(request);
  }
}

async function manage(
  id: KeyedId,
  params: Readonly<Record<string, string>>,
  gate: Gate,
  { request, url, now }: Exchange,
  parts: Parts,
): Promise<Outgoing> {
  const stopped = await gate.admit();
  if (stopped !== null) return stopped;
  const operation: Operation = OPERATIONS[id];
  const parameters = readParameters(operation, params, url.searchParams);
  if (!parameters.ok) return parameters;
  const body =
    operation.body === undefined
      ? ({ ok: true, value: undefined } as const) // a body that is not asked for is not read
      : await readBody(id, operation.body, request, parts.settings.bodyCap);
  if (!body.ok) return body;
  const { account, room } = gate.caller;
  // Each handler's own call type is held to the table by `KeyedHandlers`; here they are one kind.
  const handler = KEYED[id] as unknown as (call: object, context: Context) => Promise<Outgoing>;
  return await handler({ ...parameters.value, headers: {}, body: body.value }, { parts, account, room, now });
}
