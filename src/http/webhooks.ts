import type { Refusal } from '../../schemas/error.ts';
import { readPage } from '../../schemas/page.ts';
import { invalidField, notFound } from '../../schemas/refusal.ts';
import { ruleText } from '../net/failure-text.ts';
import { mintSecret } from '../secrets/signature.ts';
import type { KeyedHandlers } from './context.ts';
import type { Parts } from './parts.ts';
import { presentPage } from './present.ts';
import { presentWebhook, presentWebhookSummary } from './present-webhook.ts';

/** For looking up where a new endpoint leads. What is slower than this is judged when it is called. */
const LOOKUP_WITHIN_MS = 2_000;

/** Where events go. A secret is sealed before the room sees it, and opened again only to be shown. */
export const webhooks: Pick<
  KeyedHandlers,
  | 'createWebhook'
  | 'listWebhooks'
  | 'getWebhook'
  | 'updateWebhook'
  | 'deleteWebhook'
  | 'rotateWebhookSecret'
  | 'testWebhook'
> = {
  async createWebhook({ body }, { room, parts, now }) {
    const refusal = await endpointRefusal(body.endpoint, parts);
    if (refusal !== null) return { refusal };
    const id = parts.newId();
    const { secret, sealedSecret } = await newSecret(id, parts);
    const { endpoint, events, include_body: includeBody = false } = body;
    const webhook = { id, endpoint, types: distinct(events), sealedSecret, includeBody };
    const made = await room.createWebhook({ webhook, now });
    return made.ok ? { status: 201, body: { object: 'webhook', id, signing_secret: secret } } : made;
  },

  async listWebhooks({ query }, { room }) {
    const found = await room.webhooks({ page: readPage(query) });
    return found.ok ? { status: 200, body: presentPage(found.value, presentWebhookSummary) } : found;
  },

  async getWebhook({ params }, { room, parts }) {
    const webhook = await room.webhook({ id: params.id.toLowerCase() });
    if (webhook === null) return { refusal: notFound('Webhook') };
    const secret = await parts.sealer.open(webhook.sealedSecret, webhook.id);
    return { status: 200, body: presentWebhook(webhook, secret) };
  },

  async updateWebhook({ params, body }, { room, parts, account, now }) {
    const { endpoint, events, status, include_body: includeBody } = body;
    const refusal = endpoint === undefined ? null : await endpointRefusal(endpoint, parts);
    if (refusal !== null) return { refusal };
    const changed = await room.updateWebhook({
      id: params.id.toLowerCase(),
      ...(endpoint !== undefined && { endpoint }),
      ...(events !== undefined && { types: distinct(events) }),
      ...(status !== undefined && { status }),
      ...(includeBody !== undefined && { includeBody }),
      now,
    });
    if (!changed.ok) return changed;
    parts.wake(account);
    return { status: 200, body: { object: 'webhook', id: changed.value.id } };
  },

  async deleteWebhook({ params }, { room, now }) {
    const removed = await room.removeWebhook({ id: params.id.toLowerCase(), now });
    if (!removed.ok) return removed;
    return { status: 200, body: { object: 'webhook', id: removed.value.id, deleted: true } };
  },

  async rotateWebhookSecret({ params }, { room, parts, now }) {
    const id = params.id.toLowerCase();
    const { secret, sealedSecret } = await newSecret(id, parts);
    const rotated = await room.rotateWebhookSecret({ id, sealedSecret, now });
    return rotated.ok ? { status: 200, body: { object: 'webhook', id, signing_secret: secret } } : rotated;
  },

  async testWebhook({ params, body }, { room, parts, account, now }) {
    const queued = await room.testWebhook({ id: params.id.toLowerCase(), type: body.type ?? null, now });
    if (!queued.ok) return queued;
    parts.wake(account);
    return { status: 200, body: { object: 'webhook_event', id: queued.value.id } };
  },
};

/** Judged here so that a mistake is seen when it is made; every call judges again, since a name may lead elsewhere by then. */
async function endpointRefusal(url: string, { egress }: Parts): Promise<Refusal | null> {
  const refused = await egress.check({ url, withinMs: LOOKUP_WITHIN_MS });
  return refused === null ? null : invalidField('endpoint', ruleText(refused.rule));
}

async function newSecret(id: string, { randomBytes, sealer }: Parts) {
  const secret = mintSecret(randomBytes);
  return { secret, sealedSecret: await sealer.seal(secret, id) };
}

function distinct<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)];
}
