import type { Call } from '../../schemas/handlers.ts';
import type { Operation } from '../../schemas/operation.ts';
import { OPERATIONS, type Operations } from '../../schemas/operations.ts';
import { badKey, missingKey } from '../../schemas/refusal.ts';
import type { Outgoing } from './answer.ts';
import { apiKeys } from './api-keys.ts';
import { attachmentsRead } from './attachments-read.ts';
import { identify } from './auth.ts';
import { sendBatch } from './batch.ts';
import type { Context, KeyedHandlers, KeyedId, SendId, StreamId } from './context.ts';
import { domains } from './domains.ts';
import { emailsChange } from './emails-change.ts';
import { emailsRead } from './emails-read.ts';
import { sendEmail } from './emails-send.ts';
import { events } from './events.ts';
import type { Exchange } from './exchange.ts';
import { Gate } from './gate.ts';
import { receiveMime } from './inbound.ts';
import { inboundUrls } from './inbound-urls.ts';
import type { SendEndpoint } from './plan.ts';
import { readerOf } from './present.ts';
import { sendRaw } from './raw.ts';
import { received } from './received.ts';
import { type Reading, readBody, readParameters } from './request.ts';
import { routes } from './routes.ts';
import { send } from './send.ts';
import { suppressions } from './suppressions.ts';
import { uploads } from './uploads.ts';
import { webhookEvents } from './webhook-events.ts';
import { webhooks } from './webhooks.ts';

const SENDS: Readonly<Record<SendId, SendEndpoint>> = { sendEmail, sendBatch, sendRaw };
const HANDLERS: KeyedHandlers = {
  ...emailsRead,
  ...emailsChange,
  ...attachmentsRead,
  ...uploads,
  ...received,
  ...inboundUrls,
  ...routes,
  ...events,
  ...webhooks,
  ...webhookEvents,
  ...apiKeys,
  ...suppressions,
  ...domains,
};

/** An operation that needs a caller: key, rate, permission; then parameters, body and the rest (contract, section 2.3). */
export async function keyed(
  id: SendId | StreamId | KeyedId,
  params: Readonly<Record<string, string>>,
  exchange: Exchange,
): Promise<Outgoing> {
  const { request, parts, now } = exchange;
  const identified = await identify(request.headers.get('authorization'), parts);
  if (identified.kind === 'missing') return { refusal: missingKey() };
  if (identified.kind === 'invalid') {
    parts.guesses?.failed(request);
    return { refusal: badKey() };
  }
  const gate = new Gate(identified.caller, OPERATIONS[id].scope, now);
  try {
    return isSend(id)
      ? await send({ endpoint: SENDS[id], request, gate, parts, now })
      : await manage(id, params, gate, exchange);
  } finally {
    if (gate.rate !== undefined) exchange.rate = gate.rate;
    if (gate.strange) parts.guesses?.failed(request);
  }
}

function isSend(id: SendId | StreamId | KeyedId): id is SendId {
  return id in SENDS;
}

async function manage(
  id: StreamId | KeyedId,
  params: Readonly<Record<string, string>>,
  gate: Gate,
  { request, url, now, parts }: Exchange,
): Promise<Outgoing> {
  const stopped = await gate.admit();
  if (stopped !== null) return stopped;
  const operation: Operation = OPERATIONS[id];
  const parameters = readParameters(operation, params, url.searchParams);
  if (!parameters.ok) return parameters;
  const { account, room } = gate.caller;
  if (id === 'receiveMime') {
    // Held to the table by `readParameters`, as every handler's call is.
    const query = parameters.value.query as Call<Operations['receiveMime']>['query'];
    return await receiveMime(query, { request, account, parts, fixedTo: null });
  }
  const body = await bodyOf(id, operation, request, parts.settings.bodyCap);
  if (!body.ok) return body;
  // Each handler's own call type is held to the table by `KeyedHandlers`; here they are one kind.
  const handler = HANDLERS[id] as unknown as (call: object, context: Context) => Promise<Outgoing>;
  const reader = readerOf(request.headers.get('user-agent'));
  return await handler(
    { ...parameters.value, headers: {}, body: body.value },
    { parts, account, room, now, reader },
  );
}

/** A body that is not asked for is not read: SDKs send `{}` along with anything. */
async function bodyOf(
  id: KeyedId,
  { body }: Operation,
  request: Request,
  cap: number,
): Promise<Reading<unknown>> {
  return body === undefined ? { ok: true, value: undefined } : await readBody(id, body, request, cap);
}
