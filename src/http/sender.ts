import type { Refusal } from '../../schemas/error.ts';
import { domainNotVerified, keyBoundElsewhere } from '../../schemas/refusal.ts';
import { senderRefusal } from '../mailroom/sender.ts';
import type { Draft } from './draft.ts';
import type { Settings } from './parts.ts';

/**
 * Whether the account, and a key bound to a domain, may send a mail. The room decides the same about its sender in the end;
 * here it is asked beforehand, where something would be stored for a mail that is refused a moment later, and by dry runs,
 * which never reach the room. What a raw message claims beside that is known here alone.
 */
export function draftRefusal(
  { email, claims }: Draft,
  keyDomain: string | null,
  domains: Settings['domains'],
): Refusal | null {
  const refusal = senderRefusal({ email, keyDomain, domains });
  if (refusal !== null) return refusal;
  const foreign = claims.find((claim) => domains !== null && !domains.some(({ name }) => name === claim));
  if (foreign !== undefined) return domainNotVerified(foreign, 'raw');
  const other = claims.find((claim) => keyDomain !== null && claim !== keyDomain);
  return other === undefined ? null : keyBoundElsewhere(other, 'raw');
}
