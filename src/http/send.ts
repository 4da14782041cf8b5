import { wrongBodyType } from '../../schemas/refusal.ts';
import type { SendItem } from '../mailroom/mailroom.ts';
import type { Outgoing } from './answer.ts';
import { RequestBody } from './body.ts';
import { hex } from './digest.ts';
import { dryRunAnswer } from './dry-run.ts';
import type { Gate } from './gate.ts';
import { claimOf, readIdempotencyKey } from './idempotency.ts';
import { type Json, parseJson } from './json.ts';
import type { Draft, DraftOrRefusal, Switches } from './new-email.ts';
import type { Parts } from './parts.ts';
import type { Plan, SendEndpoint, SendRequest } from './plan.ts';
import { type Reading, readHeaders } from './request.ts';
import { draftRefusal } from './sender.ts';

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
  const { endpoint, request, gate, parts, now } = call;
  const whole = new RequestBody(request, parts.settings.bodyCap);
  if (!(await whole.readSmall())) {
    const stopped = await gate.admit();
    if (stopped !== null) return stopped;
  }
  const asked = await readAsked(endpoint, request, whole);
  if (!asked.ok) return await gate.refuse(asked.refusal);
  const planned = await endpoint.plan({ ...asked.value, account: gate.caller.account, now, parts });
  if (!planned.ok) return await gate.refuse(planned.refusal);
  // A batch is tried or sent as a whole: an item that should only be tried must not go out with the others.
  if (planned.value.items.some(asksDryRun)) {
    return (await gate.admit()) ?? (await dryRunAnswer({ ...planned.value, gate, parts, now }));
  }
  return await handOver(call, asked.value, planned.value);
}

async function readAsked(
  { operation, wrongType }: SendEndpoint,
  request: Request,
  whole: RequestBody,
): Promise<Reading<Asked>> {
  const body = await readSendBody(operation, request, whole);
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

async function handOver(call: SendCall, { key, body }: Asked, plan: Plan): Promise<Outgoing> {
  const { endpoint, request, gate, parts } = call;
  const { method, path } = endpoint.operation;
  const { domains } = parts.settings;
  const idempotency = await claimOf(key, {
    endpoint: `${method.toUpperCase()} ${path}`,
    mode: plan.mode,
    headers: request.headers,
    body,
  });
  const outgoing = await gate.accept({
    mode: plan.mode,
    items: (keyDomain) => plan.items.map((item) => sendItem(item, keyDomain, domains)),
    objects: (keyDomain) => objectsOf(plan, keyDomain, domains),
    idempotency,
    store: parts.objects,
    token: hex(parts.randomBytes(TOKEN_BYTES)),
  });
  if (!('refusal' in outgoing)) parts.wake(gate.caller.account);
  return outgoing;
}

function asksDryRun(item: DraftOrRefusal): boolean {
  return item.kind === 'draft' ? item.draft.dryRun : item.dryRun;
}

function sendItem(
  item: DraftOrRefusal,
  keyDomain: string | null,
  domains: Parts['settings']['domains'],
): SendItem {
  if (item.kind === 'refused') return { kind: 'refused', refusal: item.refusal };
  const refusal = item.draft.claims.length === 0 ? null : draftRefusal(item.draft, keyDomain, domains);
  return refusal === null ? { kind: 'email', email: item.draft.email } : { kind: 'refused', refusal };
}

/**
 * What must be stored before the room is asked to accept: nothing for a mail that will be refused, and nothing at all when
 * one bad mail refuses the whole request.
 */
function objectsOf(
  { mode, items }: Plan,
  keyDomain: string | null,
  domains: Parts['settings']['domains'],
): Draft['objects'] {
  const good = items.filter(
    (item) => item.kind === 'draft' && draftRefusal(item.draft, keyDomain, domains) === null,
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
