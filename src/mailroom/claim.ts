import { applyStep } from './apply.ts';
import { endingAtDispatch } from './dispatch.ts';
import { emailAt, type StoredEmail } from './emails.ts';
import { lanesFor, SIMULATED } from './lane.ts';
import type { ClaimCall } from './mailroom.ts';
import type { RecipientRow } from './recipient-row.ts';
import type { Claim } from './records.ts';
import type { Room } from './room.ts';
import { suppressedAmong } from './suppressions.ts';

/** When a whole batch ends at the dispatch checks, this often the next one is looked at before the caller hears "none". */
const MAX_ROUNDS = 10;

/** Due recipients, longest due first, under a lease. The transaction is the lock: nobody else can take them meanwhile. */
export function claim(room: Room, call: ClaimCall): readonly Claim[] {
  return room.sql.transaction(() => {
    const lanes = lanesFor({ ...call, relays: room.config });
    const claims: Claim[] = [];
    for (let round = 0; round < MAX_ROUNDS && claims.length === 0; round++) {
      const due = dueEmails(room, { lanes, now: call.now, limit: call.limit });
      if (due.length === 0) break;
      for (const seq of due) {
        if (claims.length >= call.limit) break;
        claims.push(...take(room, { seq, lanes, call, most: call.limit - claims.length }));
      }
    }
    return claims;
  });
}

/** One seek per lane, merged here: an ORDER BY over several lanes would sort the whole backlog. */
function dueEmails(
  { sql }: Room,
  { lanes, now, limit }: { readonly lanes: readonly string[]; readonly now: number; readonly limit: number },
): readonly number[] {
  const found = lanes.flatMap((lane) =>
    sql.exec<{ due_at: number; email: number }>(
      'SELECT DISTINCT due_at, email FROM recipients WHERE lane = ? AND due_at <= ? ORDER BY due_at, email LIMIT ?',
      lane,
      now,
      limit,
    ),
  );
  found.sort((one, other) => one.due_at - other.due_at || one.email - other.email);
  return [...new Set(found.map(({ email }) => email))].slice(0, limit);
}

interface Take {
  readonly seq: number;
  readonly lanes: readonly string[];
  readonly call: ClaimCall;
  /** Claims that may come of it. */
  readonly most: number;
}

function take(room: Room, { seq, lanes, call, most }: Take): readonly Claim[] {
  const stored = emailAt({ sql: room.sql, seq });
  const due = stored.recipients.filter(
    (row) => row.due_at !== null && row.due_at <= call.now && lanes.includes(row.lane),
  );
  const fit = dropEnded(room, { stored, due, now: call.now });
  // A transaction has one sender, so a return path for each recipient takes a transaction for each.
  const isEachAlone =
    room.config.returnPaths === true && stored.record.sender !== '' && call.relay !== SIMULATED;
  const groups = isEachAlone ? fit.map((row) => [row]) : fit.length === 0 ? [] : [fit];
  return groups.slice(0, most).map((rows) => lease(room, { stored, rows, call }));
}

function lease(
  room: Room,
  {
    stored,
    rows,
    call,
  }: { readonly stored: StoredEmail; readonly rows: readonly RecipientRow[]; readonly call: ClaimCall },
): Claim {
  const { seq } = stored;
  const attemptId = attemptIdOf({ seq, id: room.newId() });
  const leaseUntil = call.now + call.leaseMs;
  // Nearly always one: a list of ordinals in one statement costs more than a statement each.
  for (const { ordinal } of rows)
    room.sql.exec(
      `UPDATE recipients SET before = state, state = 'claimed', phase = 'claimed', due_at = NULL, lease_until = ?,
         attempt_id = ?, relay = ?, attempts = attempts + 1, claims = claims + 1
       WHERE email = ? AND ordinal = ?`,
      leaseUntil,
      attemptId,
      call.relay,
      seq,
      ordinal,
    );
  const recipients = rows.map(({ ordinal, address, simulation }) => ({ ordinal, address, simulation }));
  return { attemptId, email: stored.record, recipients, leaseUntil };
}

function dropEnded(
  room: Room,
  {
    stored,
    due,
    now,
  }: { readonly stored: StoredEmail; readonly due: readonly RecipientRow[]; readonly now: number },
): readonly RecipientRow[] {
  const { sql, config } = room;
  const email = stored.record;
  const suppressed = suppressedAmong({ sql, addresses: due.map(({ address }) => address), now });
  return due.filter((row) => {
    const step = endingAtDispatch({
      row,
      email,
      config,
      suppressed: suppressed.get(row.address) ?? null,
      now,
    });
    if (step === null) return true;
    applyStep(room, { subject: { row, mail: { ...email, seq: stored.seq } }, step, pinned: false, now });
    return false;
  });
}

/** An attempt's id begins with its mail's place, so that `settle` finds its rows without an index of attempts. */
function attemptIdOf({ seq, id }: { readonly seq: number; readonly id: string }): string {
  return `${seq}.${id}`;
}

/** The place of the mail that an attempt is about; null for an id that is none of ours. */
export function mailOf(attemptId: string): number | null {
  const seq = Number.parseInt(attemptId, 10);
  return Number.isSafeInteger(seq) ? seq : null;
}

/** The rows that this attempt still holds; none when another decided for them meanwhile. */
export function heldBy({ sql }: Room, attemptId: string): readonly RecipientRow[] {
  return sql.exec<RecipientRow>(
    'SELECT * FROM recipients WHERE email = ? AND attempt_id = ? ORDER BY ordinal',
    mailOf(attemptId),
    attemptId,
  );
}
