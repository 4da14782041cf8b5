import type { Simulation } from '../../schemas/delivery.ts';
import type { Refusal } from '../../schemas/error.ts';
import { domainNotVerified } from '../../schemas/refusal.ts';
import type { NewEmail } from '../mailroom/records.ts';
import type { Settings } from './parts.ts';

/** Existing test suites write here; nothing for it ever leaves the house. */
const SIMULATED_DOMAIN = 'resend.dev';
const OUTCOMES: readonly Simulation[] = ['delivered', 'bounced', 'complained', 'suppressed'];

type Where = Pick<Settings, 'simulatedDomain' | 'domains'>;

/** What a canonical address stands for (contract, section 14); null for an address of somebody. `+label` is allowed. */
export function simulationOf(address: string, { simulatedDomain }: Where): Simulation | null {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (domain !== SIMULATED_DOMAIN && domain !== simulatedDomain) return null;
  const [local = ''] = address.slice(0, at).toLowerCase().split('+');
  return OUTCOMES.find((outcome) => outcome === local) ?? null;
}

/**
 * A sender that only simulated recipients may see. Unless the operator owns the domain, a mail from `resend.dev` to anybody
 * else would be a mail in somebody else's name; to simulated ones, only `onboarding` writes.
 */
export function simulatedSenderRefusal(
  email: Pick<NewEmail, 'from' | 'fromDomain' | 'envelope'>,
  { simulatedDomain, domains }: Where,
): Refusal | null {
  const { address } = email.from;
  const ours = domains?.some(({ name }) => name === email.fromDomain) ?? false;
  if (ours) return null;
  const simulated = email.fromDomain === SIMULATED_DOMAIN || email.fromDomain === simulatedDomain;
  const onboarding = address.startsWith('onboarding@');
  const reachesPeople = email.envelope.some(({ simulation }) => simulation === null);
  if (simulated ? reachesPeople || !onboarding : onboarding && domains !== null) {
    return domainNotVerified(email.fromDomain);
  }
  return null;
}
