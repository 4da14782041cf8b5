import { bindingOf } from './lane.ts';
import type { Mailroom } from './mailroom.ts';
import type { Room } from './room.ts';

/** The lanes in which anybody waits. Hops from lane to lane in the index: the cost is per lane, not per recipient. */
export function waitingLanes({ sql }: Pick<Room, 'sql'>): readonly string[] {
  const rows = sql.exec<{ lane: string }>(
    `WITH RECURSIVE found (lane) AS (
       SELECT (SELECT lane FROM recipients WHERE due_at IS NOT NULL ORDER BY lane LIMIT 1)
       UNION ALL
       SELECT (SELECT lane FROM recipients WHERE due_at IS NOT NULL AND lane > found.lane ORDER BY lane LIMIT 1)
       FROM found WHERE found.lane IS NOT NULL
     ) SELECT lane FROM found WHERE lane IS NOT NULL`,
  );
  return rows.map(({ lane }) => lane);
}

/** The earliest of: a due recipient, the end of a lease, the end of somebody's patience. */
export function nextDue(room: Room, { closed = [] }: Parameters<Mailroom['nextDue']>[0]): number | null {
  const moments = [
    earliestDue(room, closed),
    moment(room, 'SELECT MIN(lease_until) AS at FROM recipients WHERE lease_until IS NOT NULL'),
  ];
  const oldest = moment(room, 'SELECT MIN(first_due_at) AS at FROM recipients WHERE due_at IS NOT NULL');
  if (oldest !== null) moments.push(oldest + room.config.maxAgeMs);
  const known = moments.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}

export function depth(room: Room): { readonly queued: number; readonly oldestDueAt: number | null } {
  const [row] = room.sql.exec<{ queued: number }>(
    `SELECT (SELECT COUNT(*) FROM recipients WHERE due_at IS NOT NULL)
       + (SELECT COUNT(*) FROM recipients WHERE lease_until IS NOT NULL) AS queued`,
  );
  return { queued: row?.queued ?? 0, oldestDueAt: earliestDue(room, []) };
}

function earliestDue(room: Room, closed: readonly string[]): number | null {
  let earliest: number | null = null;
  for (const lane of waitingLanes(room)) {
    if (closed.includes(bindingOf(lane).relay)) continue;
    const at = moment(
      room,
      'SELECT MIN(due_at) AS at FROM recipients WHERE lane = ? AND due_at IS NOT NULL',
      lane,
    );
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}

function moment({ sql }: Room, query: string, ...values: readonly string[]): number | null {
  return sql.exec<{ at: number | null }>(query, ...values)[0]?.at ?? null;
}
