import type { Refusal } from '../../schemas/error.ts';
import { domainNotVerified, keyBoundElsewhere } from '../../schemas/refusal.ts';
import type { MailroomConfig } from './mailroom.ts';
import type { NewEmail } from './records.ts';

/** Whose mail the simulated addresses take without a domain of the operator's (wire-contract.md §14). */
const ONBOARDING = 'onboarding@';

type Sent = Pick<NewEmail, 'from' | 'sender' | 'fromDomain'>;

/**
 * The first domain of a mail that the operator does not own, or null. The envelope sender counts too: bounces go there.
 *
 * @param simulated every recipient is simulated, so that nothing leaves the house.
 */
export function foreignDomain({
  email,
  simulated,
  domains,
}: {
  readonly email: Sent;
  readonly simulated: boolean;
  readonly domains: MailroomConfig['domains'];
}): string | null {
  if (domains === null || (simulated && email.from.address.startsWith(ONBOARDING))) return null;
  const named = [email.fromDomain, domainOf(email.sender) ?? email.fromDomain];
  return named.find((domain) => !domains.some(({ name }) => name === domain)) ?? null;
}

/** Whether the account, and the key, may send this mail: the two texts of wire-contract.md §2.4. */
export function senderRefusal({
  email,
  keyDomain,
  domains,
}: {
  readonly email: NewEmail;
  readonly keyDomain: string | null;
  readonly domains: MailroomConfig['domains'];
}): Refusal | null {
  const simulated = email.envelope.every(({ simulation }) => simulation !== null);
  const foreign = foreignDomain({ email, simulated, domains });
  if (foreign !== null) return domainNotVerified(foreign);
  if (keyDomain === null) return null;
  const other = [email.fromDomain, domainOf(email.sender)].find(
    (domain) => domain !== null && domain !== keyDomain,
  );
  return other === undefined || other === null ? null : keyBoundElsewhere(other);
}

/** Null for the null sender of RFC 5321 §4.5.5, which names no domain. */
function domainOf(address: string): string | null {
  const at = address.lastIndexOf('@');
  return at === -1 ? null : address.slice(at + 1);
}
