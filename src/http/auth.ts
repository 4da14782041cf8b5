import { parseKey } from '../mailroom/key-format.ts';
import type { Async, Credential, Mailroom } from '../mailroom/mailroom.ts';
import { OPERATOR_ACCOUNT, type Parts } from './parts.ts';

/** Who says he calls, and the room that will decide whether it is true. */
export interface Caller {
  readonly account: string;
  readonly room: Async<Mailroom>;
  readonly credential: Credential;
}

export type Identified =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid' };

/** No key of ours is near this; the digest is not asked for more. */
const MAX_TOKEN = 512;

/** The token of `Authorization: Bearer <token>`, the only place where a key is looked for; null when there is none. */
export function bearerToken(header: string | null): string | null {
  return /^\s*bearer\s+(\S.*)$/i.exec(header ?? '')?.[1]?.trim() ?? null;
}

/**
 * Finds the room a key points to. The routing part of a key is untrusted: only the room decides, by the hash of the whole.
 * A key with a wrong checksum was never ours, and whoever made it up can know that without asking.
 */
export async function identify(header: string | null, parts: Parts): Promise<Identified> {
  const token = bearerToken(header);
  if (token === null) return { kind: 'missing' };
  if (token.length > MAX_TOKEN) return { kind: 'invalid' };
  if (await parts.operatorKeyMatches(token)) {
    return callerOf(await parts.account(OPERATOR_ACCOUNT), OPERATOR_ACCOUNT, { kind: 'operator' });
  }
  const key = parseKey({ prefix: parts.settings.keyPrefix, token });
  if (key === null) return { kind: 'invalid' };
  // Not by `crypto.subtle`, which asks a thread: this is done for every request.
  const hasher = parts.hasher();
  hasher.update(new TextEncoder().encode(token));
  const hash = await hasher.digest();
  const room = await parts.account(key.account);
  if (room !== null) return callerOf(room, key.account, { kind: 'key', id: key.publicId, hash });
  // An account that does not exist costs the same look-up as one that does: the answer's time tells nothing.
  return callerOf(await parts.account(OPERATOR_ACCOUNT), OPERATOR_ACCOUNT, { kind: 'key', id: '', hash });
}

function callerOf(room: Async<Mailroom> | null, account: string, credential: Credential): Identified {
  return room === null ? { kind: 'invalid' } : { kind: 'caller', caller: { account, room, credential } };
}
