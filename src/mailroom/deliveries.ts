import type { Room } from './room.ts';
import { endSuppressions, nextSuppressionEnd } from './suppressions.ts';
import type { DeliveryClaim, WebhookVerbs } from './webhook-records.ts';
import { callOff, signingSecrets, type WebhookRow } from './webhook-row.ts';

/** delivery.md §12: at most two calls at once for one webhook. */
const CALLS_AT_ONCE = 2;

/** After a failure one at a time: what hangs must not hold twice the places that others could use. */
const CALLS_WHILE_FAILING = 1;

/** Suppressions that one call ends: each is an event with its own deliveries. */
const ENDED_AT_ONCE = 200;

/** A webhook that has something to be sent now. */
type Waiting = WebhookRow & { held: number; due: number | null };

/**
 * The next calls: webhooks that are well before those that fail, the longest waiting first, one call each and then a second
 * round. So a webhook with a long backlog, or one that hangs, is never in front of another's first event.
 */
export function claimDeliveries(
  room: Room,
  { now, limit, leaseMs }: Parameters<WebhookVerbs['claimDeliveries']>[0],
): ReturnType<WebhookVerbs['claimDeliveries']> {
  return room.sql.transaction((): ReturnType<WebhookVerbs['claimDeliveries']> => {
    // Asked after every mail that is sent, and nearly always in vain.
    const nextAt = nextDeliveryDue(room);
    if (nextAt === null || nextAt > now) return { claims: [], nextAt };
    freeDeliveries(room, { now, all: false });
    endSuppressions(room, { now, limit: ENDED_AT_ONCE });
    const waiting = waitingWebhooks(room, now);
    const claims: DeliveryClaim[] = [];
    for (let round = 0; round < CALLS_AT_ONCE; round++) {
      for (const row of waiting) {
        if (claims.length === limit) break;
        if (row.held + round >= allowed(row)) continue;
        const claim = take(room, { row, now, leaseMs });
        if (claim !== null) claims.push(claim);
      }
    }
    return { claims, nextAt: nextDeliveryDue(room) };
  });
}

function allowed({ failing_since: failingSince }: Pick<WebhookRow, 'failing_since'>): number {
  return failingSince === null ? CALLS_AT_ONCE : CALLS_WHILE_FAILING;
}

/** Two seeks in partial indexes for each webhook: the cost does not grow with what is stored or waits. */
const STANDING = `SELECT *,
    (SELECT COUNT(*) FROM webhook_deliveries WHERE webhook = webhooks.seq AND lease_until IS NOT NULL) AS held,
    (SELECT MIN(due_at) FROM webhook_deliveries
     WHERE webhook = webhooks.seq AND due_at IS NOT NULL AND lease_until IS NULL) AS due
  FROM webhooks WHERE status = 'enabled'`;

function waitingWebhooks({ sql }: Room, now: number): readonly Waiting[] {
  const rows = sql.exec<Waiting>(STANDING).filter(({ due }) => due !== null && due <= now);
  const isFailing = (row: Waiting): number => (row.failing_since === null ? 0 : 1);
  return rows.toSorted(
    (one, other) => isFailing(one) - isFailing(other) || (one.due ?? 0) - (other.due ?? 0),
  );
}

function take(
  { sql, newId }: Room,
  { row, now, leaseMs }: { readonly row: Waiting; readonly now: number; readonly leaseMs: number },
): DeliveryClaim | null {
  const [next] = sql.exec<{ message: number; attempts: number; id: string; payload: string }>(
    `SELECT message, attempts, webhook_messages.id, CASE is_full WHEN 1 THEN full_payload ELSE payload END AS payload
     FROM webhook_deliveries JOIN webhook_messages ON webhook_messages.seq = message
     WHERE webhook = ? AND due_at <= ? AND due_at IS NOT NULL AND lease_until IS NULL ORDER BY due_at LIMIT 1`,
    row.seq,
    now,
  );
  if (next === undefined) return null;
  const claimId = `${row.seq}.${next.message}.${newId()}`;
  const leaseUntil = now + leaseMs;
  sql.exec(
    'UPDATE webhook_deliveries SET lease_until = ?, claim_id = ? WHERE webhook = ? AND message = ?',
    leaseUntil,
    claimId,
    row.seq,
    next.message,
  );
  return {
    claimId,
    webhookId: row.id,
    endpoint: row.endpoint,
    eventId: next.id,
    payload: next.payload,
    attempt: next.attempts + 1,
    sealedSecrets: signingSecrets(row, now),
    leaseUntil,
  };
}

/**
 * Whoever held these is gone. They are due again at once and uncounted: the call may have been made, and receivers know a
 * repetition by its id.
 *
 * @param all true at the start of a single process: no lease can be live then.
 */
export function freeDeliveries(
  { sql }: Room,
  { now, all }: { readonly now: number; readonly all: boolean },
): number {
  const freed = sql.exec(
    `UPDATE webhook_deliveries SET lease_until = NULL, claim_id = NULL
     WHERE webhook IN (SELECT seq FROM webhooks) AND lease_until <= ? RETURNING message`,
    all ? Number.MAX_SAFE_INTEGER : now,
  ).length;
  if (freed > 0) callOff(sql);
  return freed;
}

/** What waits behind calls that are under way wakes nobody: their end does. */
export function nextDeliveryDue(room: Room): number | null {
  const { sql } = room;
  const moments: (number | null)[] = sql
    .exec<Waiting>(STANDING)
    .map((row) => (row.held < allowed(row) ? row.due : null));
  const [lease] = sql.exec<{ at: number | null }>(
    `SELECT MIN(lease_until) AS at FROM webhook_deliveries
     WHERE webhook IN (SELECT seq FROM webhooks) AND lease_until IS NOT NULL`,
  );
  moments.push(lease?.at ?? null, nextSuppressionEnd(room));
  const known = moments.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
