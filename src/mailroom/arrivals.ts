import type { ArrivalClaim } from './arrival-records.ts';
import type { InboxVerbs } from './inbox-verbs.ts';
import { LARGE_MAIL_BYTES, type MailSize } from './mail-size.ts';
import type { Routing } from './match-route.ts';
import { MAX_CRASHES, MAX_TRIES, MAX_UNREADABLE_MS } from './reading-tries.ts';
import { tellReceived } from './received-event.ts';
import { envelopeOf, headAt, isHeadCutAt, peerOf, type ReceivedRow, routingAt } from './received-row.ts';
import type { Room } from './room.ts';

/** After a reader that came to nothing, or storage that was down. */
const AGAIN_MS = 10_000;

export function claimArrivals(
  room: Room,
  { now, limit, leaseMs, size }: Parameters<InboxVerbs['claimArrivals']>[0],
): ReturnType<InboxVerbs['claimArrivals']> {
  return room.sql.transaction((): ReturnType<InboxVerbs['claimArrivals']> => {
    freeArrivals(room, { now, all: false });
    const sizes = size === undefined ? SIZES : [size];
    const rows = sizes.flatMap((one) => dueRows(room, { size: one, now, limit })).toSorted(byDue);
    const claims = rows.slice(0, limit).map((row) => take(room, { row, now, leaseMs }));
    return { claims, nextAt: nextArrivalDue(room, sizes) };
  });
}

const SIZES: readonly MailSize[] = ['small', 'large'];

/** What the index of due mail begins with, so that however much large mail waits, no small one is looked for behind it. */
const IS_LARGE = `(raw_size >= ${LARGE_MAIL_BYTES})`;
const WAITS = 'due_at IS NOT NULL AND lease_until IS NULL';

function dueRows(
  { sql }: Room,
  { size, now, limit }: { readonly size: MailSize; readonly now: number; readonly limit: number },
): readonly ReceivedRow[] {
  return sql.exec<ReceivedRow>(
    `SELECT * FROM received WHERE ${IS_LARGE} = ? AND due_at <= ? AND ${WAITS} ORDER BY due_at LIMIT ?`,
    Number(size === 'large'),
    now,
    limit,
  );
}

function byDue(one: ReceivedRow, other: ReceivedRow): number {
  return (one.due_at ?? 0) - (other.due_at ?? 0) || one.seq - other.seq;
}

function take(
  room: Room,
  { row, now, leaseMs }: { readonly row: ReceivedRow; readonly now: number; readonly leaseMs: number },
): ArrivalClaim {
  const claimId = `${row.seq}.${room.newId()}`;
  const leaseUntil = now + leaseMs;
  room.sql.exec(
    'UPDATE received SET claimed_at = ?, lease_until = ?, claim_id = ? WHERE seq = ?',
    now,
    leaseUntil,
    claimId,
    row.seq,
  );
  const routing = routingAt(row);
  return {
    claimId,
    id: row.id,
    createdAt: row.created_at,
    source: row.source,
    envelopeFrom: row.envelope_from,
    envelopeTo: envelopeOf(row),
    peer: peerOf(row),
    rawKey: row.raw_key,
    rawSize: row.raw_size,
    rawSha256: row.raw_sha256,
    head: headAt(room.sql, row.seq),
    attempt: row.tries + 1,
    forwardTo: routing.forwardTo,
    wantsBody: isBodyWanted(room, routing),
    leaseUntil,
  };
}

function isBodyWanted({ sql }: Room, { webhooks }: Routing): boolean {
  const [wanting] = sql.exec(
    `SELECT 1 FROM webhooks WHERE status = 'enabled' AND include_body = 1
       AND EXISTS (SELECT 1 FROM json_each(types) WHERE value = 'email.received')
       AND (? IS NULL OR id IN (SELECT value FROM json_each(?))) LIMIT 1`,
    webhooks === null ? null : 1,
    JSON.stringify(webhooks ?? []),
  );
  return wanting !== undefined;
}

/** The one who holds this claim, or null when it is another's by now. */
export function heldArrival({ sql }: Room, claimId: string): ReceivedRow | null {
  const seq = Number(claimId.split('.')[0]);
  if (!Number.isSafeInteger(seq)) return null;
  const [row] = sql.exec<ReceivedRow>('SELECT * FROM received WHERE seq = ? AND claim_id = ?', seq, claimId);
  return row ?? null;
}

/** Nobody's fault of the mail: as if it had never been claimed, and a little later. */
export function withdrawArrival(room: Room, { row, now }: Subject): void {
  again(room, { row, now });
}

/** Its reader died of it or took too long. What it was is never lost: in the end it is told as it is listed. */
export function failArrival(room: Room, { row, now }: Subject): void {
  const tries = row.tries + 1;
  if (tries < MAX_TRIES) again(room, { row: { ...row, tries }, now });
  else giveUp(room, { row, now });
}

/** Storage did not give its bytes. Whether it is down or has lost just these, only time tells. */
export function missArrival(room: Room, { row, now }: Subject): void {
  const since = row.unreadable_since ?? now;
  const missed = { ...row, unreadable_since: since };
  if (now - since < MAX_UNREADABLE_MS) again(room, { row: missed, now });
  else giveUp(room, { row: missed, now });
}

/** Whoever read it is gone and said nothing. */
function crashArrival(room: Room, { row, now }: Subject): void {
  const crashed = { ...row, crashes: row.crashes + 1 };
  if (crashed.crashes < MAX_CRASHES) again(room, { row: crashed, now });
  else giveUp(room, { row: crashed, now });
}

/**
 * It is told as it is listed. One that is to be passed on is claimed once more before, to be passed on unread: whoever forwards
 * all his mail looks for it nowhere else. So is one whose header was too long for the list: perhaps its sender is not known yet.
 */
function giveUp(room: Room, { row, now }: Subject): void {
  if (row.tries < MAX_TRIES && (routingAt(row).forwardTo.length > 0 || isHeadCutAt(room.sql, row.seq))) {
    again(room, { row: { ...row, tries: MAX_TRIES }, now });
    return;
  }
  finishArrival(room, row);
  tellReceived(room, { row, head: headAt(room.sql, row.seq), attachments: [], full: null, now });
}

function again({ sql }: Room, { row, now }: Subject): void {
  sql.exec(
    `UPDATE received SET tries = ?, crashes = ?, unreadable_since = ?, due_at = ?, ${FREE} WHERE seq = ?`,
    row.tries,
    row.crashes,
    row.unreadable_since,
    now + AGAIN_MS,
    row.seq,
  );
}

export function finishArrival({ sql }: Room, row: ReceivedRow): void {
  sql.exec(`UPDATE received SET due_at = NULL, ${FREE} WHERE seq = ?`, row.seq);
}

type Subject = { readonly row: ReceivedRow; readonly now: number };

const FREE = 'claimed_at = NULL, lease_until = NULL, claim_id = NULL';

/**
 * Ends leases that are over. Answers how many.
 *
 * @param all true at the start of a single process: no lease can be live then.
 */
export function freeArrivals(
  room: Room,
  { now, all }: { readonly now: number; readonly all: boolean },
): number {
  const ended = room.sql.exec<ReceivedRow>(
    'SELECT * FROM received WHERE lease_until IS NOT NULL AND lease_until <= ?',
    all ? Number.MAX_SAFE_INTEGER : now,
  );
  for (const row of ended) crashArrival(room, { row, now });
  return ended.length;
}

/** The earliest of: a mail of these sizes that waits, the end of a lease. */
export function nextArrivalDue({ sql }: Room, sizes = SIZES): number | null {
  const [row] = sql.exec<Record<MailSize | 'lease', number | null>>(
    `SELECT (SELECT due_at FROM received WHERE ${IS_LARGE} = 0 AND ${WAITS} ORDER BY due_at LIMIT 1) AS small,
       (SELECT due_at FROM received WHERE ${IS_LARGE} = 1 AND ${WAITS} ORDER BY due_at LIMIT 1) AS large,
       (SELECT MIN(lease_until) FROM received WHERE lease_until IS NOT NULL) AS lease`,
  );
  const known = [...sizes, 'lease' as const].map((name) => row?.[name] ?? null).filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
