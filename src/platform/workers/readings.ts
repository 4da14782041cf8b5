import type { Host } from '../../due/host.ts';
import { READ_LEASE_MS } from '../../inbound/read-claim.ts';
import type { ArrivalClaim } from '../../mailroom/arrival-records.ts';
import type { Mailroom as Room } from '../../mailroom/mailroom.ts';
import type { Env } from './env.ts';
import { readerObject, readerObjects } from './reader-object.ts';

/** Mails that are being read at a time: two for each reader object. */
const AT_ONCE = 8;

export interface ReadingsParts {
  readonly account: string;
  readonly room: Pick<Room, 'claimArrivals' | 'settleArrival' | 'nextArrivalDue'>;
  readonly readers: Env['READER'];
  readonly host: Host;
  /** Keeps the object alive until the work is done; nothing waits for it. */
  readonly waitUntil: (work: Promise<void>) => void;
  /** The end of a reading: there may be something to do, and a place is free. */
  readonly changed: () => void;
}

/** What of one account is being read, and by which objects. */
export class Readings {
  readonly #parts: ReadingsParts;
  #running = 0;

  constructor(parts: ReadingsParts) {
    this.#parts = parts;
  }

  /** Whether a reader object is at work on what an earlier instance of the room has claimed. */
  async areAlive(): Promise<boolean> {
    const { account, room, readers } = this.#parts;
    if (room.nextArrivalDue({ now: 0 }) === null) return false;
    const asked = readerObjects(readers, account).map((reader) => reader.isReading());
    return (await Promise.all(asked)).some(Boolean);
  }

  /** Claims what is due, as far as there are places, and hands it over. */
  begin(now: number): void {
    const { room, waitUntil } = this.#parts;
    const limit = AT_ONCE - this.#running;
    if (limit <= 0) return;
    const { claims } = room.claimArrivals({ now, limit, leaseMs: READ_LEASE_MS });
    this.#running += claims.length;
    for (const claim of claims) waitUntil(this.#read(claim));
  }

  /** When there is something to begin; null while all places are taken, since the end of a reading looks by itself. */
  nextLook(now: number): number | null {
    const due = this.#running < AT_ONCE ? this.#parts.room.nextArrivalDue({ now }) : null;
    return due === null ? null : Math.max(due, now);
  }

  /** What was read the reader object tells the room itself. Should it go away with the mail, that counts as a try. */
  async #read(claim: ArrivalClaim): Promise<void> {
    const { account, room, readers, host, changed } = this.#parts;
    const { claimId, id } = claim;
    try {
      await readerObject(readers, { account, id }).read({ account, claim });
    } catch (cause) {
      const facts = { account, received: id, cause: String(cause) };
      host.log({ level: 'error', event: 'reading_hand_over_failed', ...facts });
      room.settleArrival({ claimId, now: host.now(), outcome: { kind: 'failed', cause: 'reader_lost' } });
    }
    this.#running -= 1;
    this.begin(host.now());
    changed();
  }
}
