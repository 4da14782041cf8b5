import { Hono } from 'hono';
import type { Refusal } from '../../schemas/error.ts';
import { OPERATIONS, type OperationId } from '../../schemas/operations.ts';
import {
  internalError,
  tooManyWrongKeys,
  unavailable,
  unknownRoute,
  wrongMethod,
} from '../../schemas/refusal.ts';
import { matchRoute } from '../../schemas/route.ts';
import { StoreUnavailable } from '../objects/store.ts';
import { type Outgoing, rateHeaders, refuse, respond } from './answer.ts';
import type { OpenId } from './context.ts';
import { type Documents, openDocuments } from './documents.ts';
import { download } from './downloads.ts';
import { type Exchange, openExchange } from './exchange.ts';
import { health } from './health.ts';
import { receiveByUrl } from './inbound.ts';
import { keyed } from './keyed.ts';
import type { Parts } from './parts.ts';
import { askUnsubscribe, unsubscribe } from './unsubscribe-answers.ts';
import { receiveUpload } from './uploads.ts';

const RETRY_AFTER_SECONDS = 5;

/** The API. Portable: everything that differs between hosts is in `parts`. */
export function createApp(parts: Parts): Hono {
  const app = new Hono();
  const documents = openDocuments(parts.documents);
  app.all('*', ({ req }) => answer(openExchange(req.raw, parts), documents));
  return app;
}

/** The edge: the only place of this room that catches what nobody expected, and it hides nothing from the log. */
async function answer(exchange: Exchange, documents: Documents): Promise<Response> {
  try {
    return await route(exchange, documents);
  } catch (cause) {
    if (cause instanceof StoreUnavailable) return refused(unavailable(RETRY_AFTER_SECONDS), exchange);
    const { parts, request } = exchange;
    const requestId = parts.newId();
    parts.log({ level: 'error', event: 'request_failed', requestId, method: request.method, ...told(cause) });
    return refused(internalError(), exchange, { 'x-request-id': requestId });
  }
}

/** For the operator. The writer of the log blots out addresses and secrets, should a library have put one in here. */
function told(cause: unknown): Readonly<Record<string, string>> {
  if (!(cause instanceof Error)) return { error: 'not an Error' };
  const frames = cause.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
  return { error: cause.name, reason: cause.message, at: frames.slice(0, 4).join(' ') };
}

async function route(exchange: Exchange, documents: Documents): Promise<Response> {
  const { request, url, parts } = exchange;
  const match = matchRoute(request.method === 'HEAD' ? 'GET' : request.method, url.pathname);
  if (match.kind === 'unknown') return refused(unknownRoute(), exchange);
  if (match.kind === 'method') {
    const allow = match.allow.includes('GET') ? [...match.allow, 'HEAD'] : match.allow;
    return refused(wrongMethod(), exchange, { allow: allow.toSorted().join(', ') });
  }
  // Before authentication, and only for those who bring something to be authenticated.
  const wait = request.headers.has('authorization') ? parts.guesses?.check(request) : null;
  if (typeof wait === 'number') return refused(tooManyWrongKeys(wait), exchange);
  const outgoing = isOpen(match.id)
    ? await open(match.id, match.params, exchange, documents)
    : await keyed(match.id, match.params, exchange);
  return respond(OPERATIONS[match.id], outgoing, rateHeaders(exchange.rate));
}

function refused(
  refusal: Refusal,
  { rate }: Exchange,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return refuse(refusal, { ...rateHeaders(rate), ...headers });
}

function isOpen(id: OperationId): id is OpenId {
  return OPERATIONS[id].scope === 'none';
}

async function open(
  id: OpenId,
  params: Readonly<Record<string, string>>,
  { request, url, parts, now }: Exchange,
  documents: Documents,
): Promise<Outgoing> {
  const { ticket = '', token = '' } = params;
  switch (id) {
    case 'getHealth':
      return await health(request, parts, now);
    case 'downloadFile':
      return await download(ticket, parts, now);
    case 'uploadFile':
      return await receiveUpload(ticket, request, parts, now);
    case 'receiveByUrl':
      return await receiveByUrl(params, { request, url, parts, now });
    case 'askUnsubscribe':
      return await askUnsubscribe(token, { parts, now });
    case 'unsubscribe':
      return await unsubscribe(token, { request, parts, now });
    default:
      return await documents(id);
  }
}
