import type { OPERATIONS } from '../../schemas/operations.ts';
import { wrongBodyType } from '../../schemas/refusal.ts';
import type { SendItem } from '../mailroom/mailroom.ts';
import { senderRefusal } from '../mailroom/sender.ts';
import type { Outgoing } from './answer.ts';
import { RequestBody } from './body.ts';
import { hex } from './digest.ts';
import { dryRunAnswer } from './dry-run.ts';
import type { Gate } from './gate.ts';
import { claimOf, readIdempotencyKey } from './idempotency.ts';
import { type Json, parseJson } from './json.ts';
import type { Draft, DraftOrRefusal, Switches } from './new-email.ts';
import type { Parts } from './parts.ts';
import { type Reading, readHeaders } from './request.ts';

const TOKEN_BYTES = 16;

export type Mode = 'single' | 'strict' | 'permissive';

/** Everything a send has before its fields are looked at. */
export interface SendRequest {
  readonly body: Json | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly switches: Switches;
  readonly account: string;
  readonly now: number;
  readonly parts: Parts;
}

/** The mails of a request, good and bad, in its order. */
export interface Plan {
  readonly mode: Mode;
  readonly items: readonly DraftOrRefusal[];
}

/** One of the endpoints that send. */
export interface SendEndpoint {
  readonly operation: (typeof OPERATIONS)['sendEmail' | 'sendBatch' | 'sendRaw'];
  /** What is expected when the body is JSON of another type; null when it is not. Asked before idempotency. */
  readonly wrongType: (body: Json | Uint8Array<ArrayBuffer>) => string | null;
  readonly plan: (request: SendRequest) => Promise<Reading<Plan>>;
}

/**
 * The way of every send, in the contract's order: body, idempotency key, fields, sender. The gate asks the room once when
 * the request is small, and before the body is read when it is not.
 */
export async function send(call: {
  readonly endpoint: SendEndpoint;
  readonly request: Request;
  readonly gate: Gate;
  readonly parts: Parts;
  readonly now: number;
}): Promise<Outgoing> {
  const { endpoint, request, gate, parts, now } = call;
  const { operation } = endpoint;
  const whole = new RequestBody(request, parts.settings.bodyCap);
  if (!(await whole.readSmall())) {
    const stopped = await gate.admit();
    if (stopped !== null) return stopped;
  }
  const body = await readSendBody(operation, request, whole);
  if (!body.ok) return await gate.refuse(body.refusal);
  const expected = endpoint.wrongType(body.value);
  if (expected !== null) return await gate.refuse(wrongBodyType(expected));
  const key = readIdempotencyKey(request.headers);
  if (!key.ok) return await gate.refuse(key.refusal);
  const headers = readHeaders(operation.headers, withoutKey(request.headers));
  if (!headers.ok) return await gate.refuse(headers.refusal);
  const { account } = gate.caller;
  const switches = switchesOf(headers.value);
  const planned = await endpoint.plan({
    body: body.value,
    headers: headers.value,
    switches,
    account,
    now,
    parts,
  });
  if (!planned.ok) return await gate.refuse(planned.refusal);
  const { mode, items } = planned.value;
  // A batch is tried or sent as a whole: an item that should only be tried must not go out with the others.
  if (items.some(asksDryRun))
    return (await gate.admit()) ?? (await dryRunAnswer({ mode, items, gate, parts, now }));
  const idempotency = await claimOf(key.key, {
    endpoint: `${operation.method.toUpperCase()} ${operation.path}`,
    mode,
    headers: request.headers,
    body: body.value,
  });
  const outgoing = await gate.accept({
    mode,
    items: items.map(sendItem),
    objects: (keyDomain) => objectsOf({ mode, items }, keyDomain, parts),
    idempotency,
    store: parts.objects,
    token: hex(parts.randomBytes(TOKEN_BYTES)),
  });
  if (!('refusal' in outgoing)) parts.wake(account);
  return outgoing;
}

function asksDryRun(item: DraftOrRefusal): boolean {
  return item.kind === 'draft' ? item.draft.dryRun : item.dryRun;
}

function sendItem(item: DraftOrRefusal): SendItem {
  return item.kind === 'draft'
    ? { kind: 'email', email: item.draft.email }
    : { kind: 'refused', refusal: item.refusal };
}

/**
 * What must be stored before the room is asked to accept: nothing for a mail that will be refused, and nothing at all when
 * one bad mail refuses the whole request.
 */
function objectsOf(
  { mode, items }: Plan,
  keyDomain: string | null,
  { settings: { domains } }: Parts,
): Draft['objects'] {
  const good = items.filter(
    (item) =>
      item.kind === 'draft' && senderRefusal({ email: item.draft.email, keyDomain, domains }) === null,
  );
  if (good.length < items.length && mode !== 'permissive') return [];
  const objects = good.flatMap((item) => (item.kind === 'draft' ? item.draft.objects : []));
  return [...new Map(objects.map((object) => [object.key, object])).values()];
}

/** JSON whatever the content type says, but for the one type under which the body is the message itself. */
async function readSendBody(
  operation: SendEndpoint['operation'],
  request: Request,
  whole: RequestBody,
): Promise<Reading<Json | Uint8Array<ArrayBuffer>>> {
  const read = await whole.finish();
  if (read.kind === 'refused') return { ok: false, refusal: read.refusal };
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  const isBytes = 'bytesBody' in operation && type === operation.bytesBody;
  return isBytes ? { ok: true, value: read.bytes } : parseJson(read.bytes);
}

function withoutKey(headers: Headers): Headers {
  const rest = new Headers(headers);
  rest.delete('idempotency-key');
  return rest;
}

function switchesOf(headers: Readonly<Record<string, unknown>>): Switches {
  return {
    dryRun: headers['X-Mailwright-Dry-Run'] === 'true',
    tls: headers['X-Mailwright-Tls'] === 'enforced' ? 'enforced' : null,
  };
}

/** JSON of another type than an object. */
export function noObject(body: Json | Uint8Array<ArrayBuffer>): string | null {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? null : 'An object is expected.';
}
