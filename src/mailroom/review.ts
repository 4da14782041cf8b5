import type { BounceDetail } from '../../schemas/delivery.ts';
import type { Sql } from './sql.ts';

/** delivery.md §16: an address that is right and still takes nothing for so long deserves that somebody looks at it. */
const SOFT_BOUNCES = 5;
const WITHIN_MS = 14 * 24 * 3_600_000;

/**
 * Whether the soft bounce that has just been written is one too many: the fifth within 14 days, with no delivery since the
 * first of them. Nothing is kept for it: the events of the address say it.
 */
export function deservesReview(
  sql: Sql,
  {
    recipient,
    bounce,
    now,
  }: { readonly recipient: string; readonly bounce: BounceDetail; readonly now: number },
): boolean {
  if (bounce.type === 'Permanent') return false;
  const since = now - WITHIN_MS;
  const events = sql.exec<{ type: string }>(
    `SELECT type FROM events WHERE recipient = ? COLLATE NOCASE AND created_at > ?
       AND (type IN ('email.delivered', 'email.complained')
         OR (type = 'email.bounced' AND bounce ->> 'type' <> 'Permanent'))
     ORDER BY created_at DESC, seq DESC LIMIT ?`,
    recipient,
    since,
    SOFT_BOUNCES,
  );
  return events.length === SOFT_BOUNCES && events.every(({ type }) => type === 'email.bounced');
}
