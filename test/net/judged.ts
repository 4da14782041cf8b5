import { readAllowance } from '../../src/net/allowance.ts';
import { type EgressPolicy, judge, type Target } from '../../src/net/policy.ts';

/** EGRESS_ALLOW as given; empty for none. */
export function policyOf(allow: string, rest: Partial<EgressPolicy> = {}): EgressPolicy {
  if (allow === '') return { allowance: { hosts: new Set(), ranges: [] }, own: [], literals: true, ...rest };
  const read = readAllowance(allow);
  if (!read.ok) throw new Error(read.problems.join());
  return { allowance: read.allowance, own: [], literals: true, ...rest };
}

export const PUBLIC: EgressPolicy = policyOf('', { own: ['https://mail.example.com'] });

/** The rule that a URL breaks. */
export function verdict(url: string, policy: EgressPolicy = PUBLIC): string {
  const judged = judge(url, policy);
  return judged.ok ? 'allowed' : judged.rule;
}

export function targetOf(url: string, policy: EgressPolicy = PUBLIC): Target {
  const judged = judge(url, policy);
  if (!judged.ok) throw new Error(`${url} is refused: ${judged.rule}`);
  return judged.target;
}
