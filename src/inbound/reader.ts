import { ClaimLoop } from '../due/claim-loop.ts';
import type { ArrivalClaim } from '../mailroom/arrival-records.ts';
import type { MailSize } from '../mailroom/mail-size.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import { READ_LEASE_MS, type ReadClaimParts, readClaim } from './read-claim.ts';

/** Mails that one account has read in its turn, before the next account has its own. */
const MAILS_PER_TURN = 8;

/** A second net under the timer: a clock that jumped, a wake-up that was lost. */
const SCAN_EVERY_MS = 30_000;

export interface ReaderParts extends Pick<ReadClaimParts, 'read' | 'authenticate' | 'host'> {
  readonly rooms: {
    names(): readonly string[];
    room(account: string): Promise<Async<Mailroom> | null>;
  };
  /** Mails of a size at once, over all accounts. */
  readonly atOnce: number;
  /** Events and mails of this account may have been written. */
  readonly finished: (account: string) => void;
}

type Loop = ClaimLoop<Async<Mailroom>, ArrivalClaim>;

/**
 * Reads what has come in, for all accounts: claim, read, settle. Small mail and large mail each have places of their own, or
 * a few large ones that wait for a thread would hold up all small ones before they reach theirs.
 */
export class Reader {
  readonly #loops: readonly Loop[];

  constructor(parts: ReaderParts) {
    this.#loops = [loopOf('small', parts), loopOf('large', parts)];
  }

  /** After the recovery of the rooms: then nothing is under a lease of an earlier process. */
  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Something of this account may be there to be read. */
  wake(account: string): void {
    for (const loop of this.#loops) loop.wake(account);
  }

  /** Nothing is begun any more; what is read gets this time, and then is as if it had never been claimed. */
  async stop(withinMs: number): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop(withinMs)));
  }
}

function loopOf(size: MailSize, parts: ReaderParts): Loop {
  const { rooms, host, atOnce, finished } = parts;
  return new ClaimLoop({
    rooms,
    host,
    atOnce,
    perTurn: MAILS_PER_TURN,
    scanEveryMs: SCAN_EVERY_MS,
    events: { claim: 'mail_claim_failed', work: 'reading_crashed' },
    claim: (room, call) => room.claimArrivals({ ...call, leaseMs: READ_LEASE_MS, size }),
    carry: (work, signals) => readClaim(work, { ...parts, ...signals }),
    nameOf: ({ id }) => id,
    finished,
  });
}
