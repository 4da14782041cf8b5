import { allClear } from './lane.ts';
import type { MailroomConfig } from './mailroom.ts';
import { endedStep, expiredStep } from './next-step.ts';
import type { RecipientRow } from './recipient-row.ts';
import { standpointOf } from './recipient-row.ts';
import type { EmailRecord } from './records.ts';
import { foreignDomain } from './sender.ts';
import type { Step } from './step.ts';

/**
 * The checks before a claim: what was true at acceptance may have changed while the mail waited (wire-contract.md §7).
 * Answers the step that ends the recipient, or null when it may go out.
 */
export function endingAtDispatch({
  row,
  email,
  config,
  suppressed,
  now,
}: {
  readonly row: RecipientRow;
  readonly email: EmailRecord;
  readonly config: MailroomConfig;
  /** Why the address is on the suppression list, or null. */
  readonly suppressed: string | null;
  readonly now: number;
}): Step | null {
  const from = standpointOf(row);
  const simulated = row.simulation !== null;
  if (suppressed !== null) return endedStep({ from, state: 'suppressed', reason: suppressed });
  if (foreignDomain({ email, simulated, domains: config.domains }) !== null) {
    return endedStep({ from, state: 'failed', reason: 'domain_not_verified' });
  }
  if (email.tls === 'enforced' && !simulated && allClear(config)) {
    return endedStep({ from, state: 'failed', reason: 'tls_required' });
  }
  return isTooOld({ firstDueAt: row.first_due_at, maxAgeMs: config.maxAgeMs, now })
    ? expiredStep(from)
    : null;
}

/** Age counts from the first due time, so that a mail scheduled a month ahead is young when it is due. */
export function isTooOld({
  firstDueAt,
  maxAgeMs,
  now,
}: {
  readonly firstDueAt: number;
  readonly maxAgeMs: number;
  readonly now: number;
}): boolean {
  return now >= firstDueAt + maxAgeMs;
}
