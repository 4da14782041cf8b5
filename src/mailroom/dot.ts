import { heldBy } from './claim.ts';
import type { Mailroom } from './mailroom.ts';
import type { Room } from './room.ts';

type DotCall = Parameters<Mailroom['markDot']>[0];

/**
 * Transition 9: what nobody could find out later, that the dot is about to leave, is written before it leaves.
 *
 * False when the lease is over, when another attempt owns a recipient, when it was marked before, or when the bytes are
 * not those of the first time: a retry that differs would be another mail under the same Message-ID.
 */
export function markDot(room: Room, { attemptId, recipients, now, composed }: DotCall): boolean {
  const { sql } = room;
  return sql.transaction((): boolean => {
    const held = heldBy(room, attemptId);
    const wanted = held.filter(({ ordinal }) => recipients.includes(ordinal));
    const [first] = wanted;
    if (first === undefined || wanted.length !== new Set(recipients).size) return false;
    if (wanted.some((row) => row.phase === 'dot' || row.lease_until === null || row.lease_until <= now))
      return false;
    if (!keepComposed(room, { seq: first.email, composed })) return false;
    for (const { email, ordinal } of wanted)
      sql.exec(
        "UPDATE recipients SET state = 'sending', phase = 'dot' WHERE email = ? AND ordinal = ?",
        email,
        ordinal,
      );
    return true;
  });
}

function keepComposed(
  { sql }: Room,
  { seq, composed }: { readonly seq: number; readonly composed: DotCall['composed'] },
): boolean {
  const [known] = sql.exec<{ version: number | null; sha256: string | null; size: number | null }>(
    'SELECT composed_version AS version, composed_sha256 AS sha256, composed_size AS size FROM emails WHERE seq = ?',
    seq,
  );
  if (known === undefined) return false;
  const { version, sha256, size } = composed;
  if (known.sha256 !== null) {
    return known.version === version && known.sha256 === sha256 && known.size === size;
  }
  sql.exec(
    'UPDATE emails SET composed_version = ?, composed_sha256 = ?, composed_size = ? WHERE seq = ?',
    version,
    sha256,
    size,
    seq,
  );
  return true;
}
