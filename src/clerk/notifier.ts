import { ClaimLoop } from '../due/claim-loop.ts';
import type { Host } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { DeliveryClaim } from '../mailroom/webhook-records.ts';
import { NOTIFY_LEASE_MS, type NotifyParts } from './notify.ts';
import { placeCall } from './place-call.ts';
import type { Rooms } from './rooms.ts';

/** Calls at once, over all accounts. Each is a socket and 20 KB; one that hangs holds its place for 15 s. */
const CALLS_AT_ONCE = 512;

/** Calls that one account takes in its turn, before the next account has its own. */
const CALLS_PER_TURN = 32;

export interface NotifierParts extends Omit<NotifyParts, 'host'> {
  readonly rooms: Rooms;
  readonly host: Host;
}

/**
 * Makes the calls that are due, for all accounts: claim, call, settle. Apart from the mail, so that neither waits for the
 * other; which webhook is next is for the room to say. The clerk scans, and wakes it.
 */
export class Notifier {
  readonly #loop: ClaimLoop<Async<Mailroom>, DeliveryClaim>;

  constructor(parts: NotifierParts) {
    const { rooms, host } = parts;
    this.#loop = new ClaimLoop<Async<Mailroom>, DeliveryClaim>({
      rooms,
      host,
      atOnce: CALLS_AT_ONCE,
      perTurn: CALLS_PER_TURN,
      scanEveryMs: null,
      events: { claim: 'webhook_claim_failed', work: 'webhook_call_crashed' },
      claim: (room, call) => room.claimDeliveries({ ...call, leaseMs: NOTIFY_LEASE_MS }),
      carry: (work, signals) =>
        placeCall(work, {
          ...parts,
          ...signals,
          // The next claim is asked for in the same turn: on a host that groups commits the two share one.
          writing: () => this.wake(work.account),
        }),
      nameOf: ({ claimId }) => claimId,
    });
  }

  /** Events of this account may have been written. */
  wake(account: string): void {
    this.#loop.wake(account);
  }

  /** Nothing is begun any more; what runs gets this time, and then is as if it had never been claimed. */
  async stop(withinMs: number): Promise<void> {
    await this.#loop.stop(withinMs);
  }
}
