import { mailOf } from './claim.ts';
import type { Mailroom } from './mailroom.ts';
import type { RecipientRow } from './recipient-row.ts';
import type { Room } from './room.ts';

type DotCall = Parameters<Mailroom['markDot']>[0];

/** A recipient that the attempt holds, and what is known of its mail's bytes. */
type HeldRow = Pick<RecipientRow, 'ordinal' | 'phase' | 'lease_until'> & {
  version: number | null;
  sha256: string | null;
  size: number | null;
};

/**
 * Transition 9: what nobody could find out later, that the dot is about to leave, is written before it leaves.
 *
 * False when the lease is over, when another attempt owns a recipient, when it was marked before, or when the bytes are
 * not those of the first time: a retry that differs would be another mail under the same Message-ID.
 */
export function markDot(room: Room, { attemptId, recipients, now, composed }: DotCall): boolean {
  const { sql } = room;
  return sql.transaction((): boolean => {
    const seq = mailOf(attemptId);
    const held = sql.exec<HeldRow>(
      `SELECT ordinal, phase, lease_until, composed_version AS version, composed_sha256 AS sha256, composed_size AS size
       FROM recipients JOIN emails ON emails.seq = recipients.email WHERE email = ? AND attempt_id = ?`,
      seq,
      attemptId,
    );
    const wanted = held.filter(({ ordinal }) => recipients.includes(ordinal));
    const [first] = wanted;
    if (first === undefined || wanted.length !== new Set(recipients).size) return false;
    if (wanted.some((row) => row.phase === 'dot' || row.lease_until === null || row.lease_until <= now))
      return false;
    const { version, sha256, size } = composed;
    if (first.sha256 === null) {
      sql.exec(
        'UPDATE emails SET composed_version = ?, composed_sha256 = ?, composed_size = ? WHERE seq = ?',
        version,
        sha256,
        size,
        seq,
      );
    } else if (first.version !== version || first.sha256 !== sha256 || first.size !== size) return false;
    for (const { ordinal } of wanted)
      sql.exec(
        "UPDATE recipients SET state = 'sending', phase = 'dot' WHERE email = ? AND ordinal = ?",
        seq,
        ordinal,
      );
    return true;
  });
}
