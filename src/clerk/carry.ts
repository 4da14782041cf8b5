import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Claim } from '../mailroom/records.ts';
import type { Condition } from '../relay/relay.ts';
import { cut } from './batch.ts';
import type { Attempt, DeliverParts } from './deliver.ts';
import { deliver } from './deliver.ts';
import type { Settled } from './outcome.ts';
import { phaseOf } from './outcome.ts';
import { settleUntilLeaseEnds } from './settle.ts';

export interface CarryParts extends DeliverParts {
  readonly room: Async<Mailroom>;
  readonly recipientsAtOnce: number | null;
  /** Told as soon as the relay has answered, before the outcome is written; null when it was not asked. */
  readonly answered: (condition: Condition | null, recipientsTaken: number | null) => void;
  /** The outcome cannot be written for now. */
  readonly troubled: () => void;
  readonly hurry: AbortSignal;
}

/** One claimed message from the desk to the end: delivered, settled, told in the log. Never throws. */
export async function carry(claim: Claim, attempt: Attempt, parts: CarryParts): Promise<readonly Settled[]> {
  const { host } = parts;
  const since = host.now();
  const { now: mine, later } = cut(claim, parts.recipientsAtOnce);
  const delivered = await deliver(mine, attempt, parts);
  parts.answered(delivered.condition, delivered.recipientsTaken);
  const outcomes = [...delivered.outcomes, ...later];
  const written = await settleUntilLeaseEnds(claim, outcomes, parts);
  host.log({
    level: written === 'settled' ? 'info' : 'warn',
    event: 'attempt',
    account: parts.account,
    email: claim.email.id,
    attempt: claim.attemptId,
    relay: parts.relay.name,
    ...told(outcomes),
    milliseconds: host.now() - since,
    written,
  });
  return outcomes;
}

/** Ids, stages and codes; a reply's text is for its owner, through the API. */
function told(outcomes: readonly Settled[]): Readonly<Record<string, string | number | null>> {
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) counts.set(outcome.kind, (counts.get(outcome.kind) ?? 0) + 1);
  const worst = outcomes.find(({ outcome }) => outcome.kind !== 'sent')?.outcome ?? outcomes[0]?.outcome;
  const hasReply = worst !== undefined && 'smtp' in worst && worst.smtp !== null;
  return {
    outcome: [...counts].map(([kind, count]) => `${kind}:${count}`).join(' '),
    phase: worst === undefined || worst.kind === 'simulated' ? null : phaseOf(worst),
    code: hasReply ? worst.smtp.code : null,
    cause: worst === undefined ? null : whyOf(worst),
  };
}

function whyOf(outcome: Settled['outcome']): string | null {
  if ('cause' in outcome) return outcome.cause;
  return 'reason' in outcome ? outcome.reason : null;
}
