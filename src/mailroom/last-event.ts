import type { LastEvent } from '../../schemas/delivery.ts';
import type { Feedback, RecipientState } from './records.ts';

/** What the one word for a mail is made from. */
export interface Standing {
  /** The state, or while the clerk holds the recipient the state before the claim. */
  readonly state: RecipientState;
  /** Nothing will be done for this recipient any more. */
  readonly finished: boolean;
  /** Failed by a reply or by age, as against a reason of our own. */
  readonly bounced: boolean;
  readonly feedback: Feedback | null;
  /** It has been out of our hands before: what was put off to a later moment is no longer merely scheduled. */
  readonly claimedBefore: boolean;
}

/** Worst first (settled.md, "Sending"): with several recipients the worst final outcome speaks for the mail. */
const FINAL_ORDER = [
  'complained',
  'bounced',
  'failed',
  'suppressed',
  'canceled',
  'clicked',
  'opened',
  'delivered',
  'sent',
] as const satisfies readonly LastEvent[];

/** @param scheduled the mail was put off to a later moment when it was accepted or moved. */
export function lastEvent({
  scheduled,
  recipients,
}: {
  readonly scheduled: boolean;
  readonly recipients: readonly Standing[];
}): LastEvent {
  const waiting = recipients.filter((recipient) => !recipient.finished);
  if (waiting.some(({ state }) => state === 'deferred' || state === 'unknown')) return 'delivery_delayed';
  if (waiting.length > 0) {
    return scheduled && !recipients.some(({ claimedBefore }) => claimedBefore) ? 'scheduled' : 'queued';
  }
  const words = new Set(recipients.map(finalWord));
  return FINAL_ORDER.find((word) => words.has(word)) ?? 'failed';
}

function finalWord({ state, bounced, feedback }: Standing): LastEvent {
  switch (state) {
    case 'sent':
      return feedback ?? 'sent';
    case 'failed':
      return bounced ? 'bounced' : 'failed';
    case 'suppressed':
    case 'canceled':
      return state;
    case 'unknown':
      return feedback ?? 'failed';
    case 'queued':
    case 'claimed':
    case 'sending':
    case 'deferred':
      throw new Error(`A finished recipient is ${state}`);
  }
}
