import { wrongBodyType } from '../../schemas/refusal.ts';
import type { Outgoing } from './answer.ts';
import { RequestBody } from './body.ts';
import { hex } from './digest.ts';
import type { DraftOrRefusal, Switches, Waiting } from './draft.ts';
import { dryRunAnswer } from './dry-run.ts';
import { findFiles } from './find-files.ts';
import type { Gate, Reservation } from './gate.ts';
import { claimOf, readIdempotencyKey } from './idempotency.ts';
import { type Json, parseJson } from './json.ts';
import { fileLimit, messageLimit } from './message-limit.ts';
import type { Parts } from './parts.ts';
import type { Plan, SendEndpoint, SendRequest } from './plan.ts';
import { type Reading, readHeaders } from './request.ts';
import { parseSendJson } from './send-json.ts';
import { Shelf } from './shelf.ts';
import { storeItems, stores } from './store-items.ts';

const TOKEN_BYTES = 16;

interface SendCall {
  readonly endpoint: SendEndpoint;
  readonly request: Request;
  readonly gate: Gate;
  readonly parts: Parts;
  readonly now: number;
}

/** What a request asks, before its mails are looked at. */
interface Asked extends Pick<SendRequest, 'body' | 'headers' | 'switches'> {
  readonly key: string | null;
}

/**
 * The way of every send, in the contract's order: body, idempotency key, fields, sender. The gate asks the room once when
 * the request is small, and before the body is read when it is not.
 */
export async function send(call: SendCall): Promise<Outgoing> {
  const { request, gate, parts } = call;
  const whole = new RequestBody(request, parts.settings.bodyCap);
  if (!(await whole.readSmall())) {
    const stopped = await gate.admit();
    if (stopped !== null) return stopped;
  }
  const asked = await readAsked(call, whole);
  if (!asked.ok) return await gate.refuse(asked.refusal);
  const shelf = new Shelf({ ...parts, account: gate.caller.account });
  try {
    return await plan(call, asked.value, shelf);
  } finally {
    await shelf.clear();
    await gate.leave();
  }
}

async function plan(call: SendCall, asked: Asked, shelf: Shelf): Promise<Outgoing> {
  const { endpoint, gate, parts, now } = call;
  const planned = await endpoint.plan({ ...asked, account: gate.caller.account, now, parts, shelf });
  if (!planned.ok) return await gate.refuse(planned.refusal);
  const { mode } = planned.value;
  // A batch is tried or sent as a whole: an item that should only be tried must not go out with the others.
  const isDryRun = planned.value.items.some(asksDryRun);
  const reservation = isDryRun ? null : await reservationOf(call, asked, mode);
  const found = await findFiles(planned.value, { ...call, shelf, isDryRun, reservation });
  if ('stopped' in found) return found.stopped;
  const { items } = found;
  if (isDryRun) return (await gate.admit()) ?? (await dryRunAnswer({ mode, items, gate, parts, now }));
  const all = { mode, items, domains: parts.settings.domains };
  const outgoing = await gate.accept({
    mode,
    stores: (keyDomain) => stores(all, keyDomain),
    items: (keyDomain) => storeItems(all, keyDomain, shelf),
    reservation,
  });
  if (!('refusal' in outgoing)) parts.wake(gate.caller.account);
  return outgoing;
}

async function readAsked(call: SendCall, whole: RequestBody): Promise<Reading<Asked>> {
  const { request } = call;
  const { operation, wrongType } = call.endpoint;
  const body = await readSendBody(call, whole);
  if (!body.ok) return body;
  const expected = wrongType(body.value);
  if (expected !== null) return { ok: false, refusal: wrongBodyType(expected) };
  const key = readIdempotencyKey(request.headers);
  if (!key.ok) return key;
  const headers = readHeaders(operation.headers, withoutKey(request.headers));
  if (!headers.ok) return headers;
  const switches = switchesOf(headers.value);
  return { ok: true, value: { body: body.value, headers: headers.value, switches, key: key.key } };
}

/** What a repeated request is known by; null without an idempotency key. */
async function reservationOf(
  { endpoint, request, parts }: SendCall,
  { key, body }: Asked,
  mode: Plan['mode'],
): Promise<Reservation | null> {
  const { method, path } = endpoint.operation;
  const idempotency = await claimOf(key, {
    endpoint: `${method.toUpperCase()} ${path}`,
    mode,
    headers: request.headers,
    body,
    hasher: parts.hasher,
  });
  return idempotency && { idempotency, token: hex(parts.randomBytes(TOKEN_BYTES)) };
}

function asksDryRun(item: DraftOrRefusal | Waiting): boolean {
  return item.kind === 'draft' ? item.draft.dryRun : item.dryRun;
}

/** JSON whatever the content type says, but for the one type under which the body is the message itself. */
async function readSendBody(
  { endpoint: { operation }, request, parts }: SendCall,
  whole: RequestBody,
): Promise<Reading<Json | Uint8Array<ArrayBuffer>>> {
  const read = await whole.finish();
  if (read.kind === 'refused') return { ok: false, refusal: read.refusal };
  if (!('bytesBody' in operation)) {
    const maxBytes = fileLimit(messageLimit(parts));
    return parseSendJson(read.bytes, { maxBytes, randomBytes: parts.randomBytes });
  }
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  return type === operation.bytesBody ? { ok: true, value: read.bytes } : parseJson(read.bytes);
}

function withoutKey(headers: Headers): Headers {
  if (!headers.has('idempotency-key')) return headers;
  const rest = new Headers(headers);
  rest.delete('idempotency-key');
  return rest;
}

function switchesOf(headers: Readonly<Record<string, unknown>>): Switches {
  return {
    dryRun: headers['X-Mailwright-Dry-Run'] === 'true',
    tls: headers['X-Mailwright-Tls'] === 'enforced' ? 'enforced' : null,
    unsubscribe: headers['X-Mailwright-Unsubscribe'] === 'true',
  };
}
