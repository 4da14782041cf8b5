import { hash, timingSafeEqual } from 'node:crypto';
import { hashKey, mintKey } from '../../mailroom/key-format.ts';
import type { Async, Mailroom } from '../../mailroom/mailroom.ts';
import { newId, randomBytes } from './ids.ts';

/** Makes a full-access key for an account and answers its token, which is stored nowhere. */
export async function makeFirstKey(parts: {
  readonly room: Pick<Async<Mailroom>, 'createApiKey'>;
  readonly account: string;
  readonly prefix: string;
  readonly now: number;
}): Promise<string> {
  const { token, publicId } = mintKey({ prefix: parts.prefix, account: parts.account, random: randomBytes });
  const made = await parts.room.createApiKey({
    key: {
      id: newId(),
      name: 'First key',
      permission: 'full_access',
      domain: null,
      publicId,
      hash: await hashKey(token),
    },
    now: parts.now,
  });
  if (!made.ok) throw new Error(made.refusal.message);
  return token;
}

/** Whether an account was never given a key, or has none left. */
export async function hasNoKey(room: Pick<Async<Mailroom>, 'apiKeys'>): Promise<boolean> {
  const keys = await room.apiKeys({ page: { limit: 1, after: null, before: null } });
  return keys.ok && keys.value.items.length === 0;
}

/**
 * Compares with the operator's API_KEY. Both are hashed behind a secret first: the comparison takes as long for every
 * length, and what is compared is nothing that a caller could work towards. No digest leaves this function, so that
 * an HMAC, at twice the cost for every request, would keep nothing more.
 */
export function operatorKey(
  apiKey: string | undefined,
  comparing: Uint8Array,
): (token: string) => Promise<boolean> {
  if (apiKey === undefined) return async () => false;
  const digest = (text: string): Buffer =>
    hash('sha256', Buffer.concat([comparing, Buffer.from(text)]), 'buffer');
  const expected = digest(apiKey);
  return async (token) => timingSafeEqual(expected, digest(token));
}
