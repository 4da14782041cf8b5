import { isUnpaged, readPage } from '../../schemas/page.ts';
import { notFound } from '../../schemas/refusal.ts';
import { hashKey, mintKey } from '../mailroom/key-format.ts';
import type { KeyedHandlers } from './context.ts';
import { presentApiKey, presentPage } from './present.ts';

/** Keys: the token is shown once, when it is made; what is kept is its hash. */
export const apiKeys: Pick<KeyedHandlers, 'createApiKey' | 'listApiKeys' | 'updateApiKey' | 'deleteApiKey'> =
  {
    async createApiKey({ body }, { room, parts, account, now }) {
      const { domains, keyPrefix } = parts.settings;
      const wanted = body.domain_id?.toLowerCase();
      const domain = wanted === undefined ? null : domains?.find(({ id }) => id === wanted);
      if (domain === undefined) return { refusal: notFound('Domain', 'domain_id') };
      const { token, publicId } = mintKey({ prefix: keyPrefix, account, random: parts.randomBytes });
      const made = await room.createApiKey({
        key: {
          id: parts.newId(),
          publicId,
          hash: await hashKey(token),
          name: body.name,
          permission: body.permission ?? 'full_access',
          domain: domain?.name ?? null,
        },
        now,
      });
      if (!made.ok) return made;
      return { status: 201, body: { object: 'api_key', id: made.value.id, token } };
    },

    async listApiKeys({ query }, { room, parts }) {
      // Some SDKs cannot page keys: without a page everything is answered.
      const found = await room.apiKeys({ page: isUnpaged(query) ? null : readPage(query) });
      if (!found.ok) return found;
      const { domains } = parts.settings;
      return { status: 200, body: presentPage(found.value, (key) => presentApiKey(key, domains)) };
    },

    async updateApiKey({ params, body }, { room }) {
      const renamed = await room.renameApiKey({ id: params.id.toLowerCase(), name: body.name });
      return renamed.ok ? { status: 200, body: { object: 'api_key', id: renamed.value.id } } : renamed;
    },

    async deleteApiKey({ params }, { room }) {
      const removed = await room.removeApiKey({ id: params.id.toLowerCase() });
      if (!removed.ok) return removed;
      return { status: 200, body: { object: 'api_key', id: removed.value.id, deleted: true } };
    },
  };
