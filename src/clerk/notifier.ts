import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { DeliveryClaim } from '../mailroom/webhook-records.ts';
import { Agenda } from './agenda.ts';
import type { Host } from './host.ts';
import { pause } from './host.ts';
import { NOTIFY_LEASE_MS, type NotifyParts } from './notify.ts';
import { placeCall } from './place-call.ts';
import type { Rooms } from './rooms.ts';

/** Calls at once, over all accounts. Each is a socket and 20 KB; one that hangs holds its place for 15 s. */
const CALLS_AT_ONCE = 512;

/** Calls that one account takes in its turn, before the next account has its own. */
const CALLS_PER_TURN = 32;

/** When a room that could not be read is looked at again. */
const TROUBLE_MS = 30_000;

/** When there was nothing to claim although something is due. */
const LOOK_AGAIN_MS = 1_000;

/** Left at the end of a stop for writing that calls were broken off. */
const WRITING_MS = 1_000;

export interface NotifierParts extends Omit<NotifyParts, 'host'> {
  readonly rooms: Rooms;
  readonly host: Host;
}

interface Work {
  readonly account: string;
  readonly room: Async<Mailroom>;
  readonly claim: DeliveryClaim;
}

/**
 * Makes the calls that are due, for all accounts: claim, call, settle. Apart from the mail, so that neither waits for the
 * other; which webhook is next is for the room to say.
 */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #agenda = new Agenda();
  /** Accounts that may have something due, the longest waiting first. */
  readonly #hungry = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  /** Places that claims under way may fill. */
  #reserved = 0;
  /** Breaks off the calls that a stop has no more time for. */
  readonly #abort = new AbortController();
  readonly #hurry = new AbortController();
  #cancelTimer: () => void = () => {};
  #round: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  /** Events of this account may have been written. */
  wake(account: string): void {
    this.#hungry.add(account);
    this.#turn();
  }

  /** Nothing is begun any more; what runs gets this time, and then is as if it had never been claimed. */
  async stop(withinMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#round;
    const over = new AbortController();
    const all = Promise.all(this.#running).then(() => over.abort());
    await pause(this.#parts.host, withinMs, over.signal);
    this.#abort.abort();
    await Promise.race([all, pause(this.#parts.host, WRITING_MS, over.signal)]);
    this.#hurry.abort();
  }

  /** One round at a time; whoever comes meanwhile is served by another round after it. */
  #turn(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#round ??= this.#goRound().finally(() => {
      this.#round = null;
      if (this.#again) this.#turn();
    });
  }

  async #goRound(): Promise<void> {
    while (this.#again && !this.#stopped) {
      // Wake-ups of the same moment share a round.
      await Promise.resolve();
      this.#again = false;
      for (const account of this.#agenda.takeDue(this.#parts.host.now())) this.#hungry.add(account);
      await Promise.all([...this.#hungry].map((account) => this.#serve(account)));
    }
    this.#arm();
  }

  async #serve(account: string): Promise<void> {
    const { rooms, host } = this.#parts;
    const limit = Math.min(CALLS_PER_TURN, CALLS_AT_ONCE - this.#running.size - this.#reserved);
    if (limit <= 0 || this.#stopped) return;
    this.#reserved += limit;
    // Taken off first: whoever wakes this account while the claim is under way puts it on again.
    this.#hungry.delete(account);
    try {
      const room = await rooms.room(account);
      if (room === null) return;
      const { claims, nextAt } = await room.claimDeliveries({
        now: host.now(),
        limit,
        leaseMs: NOTIFY_LEASE_MS,
      });
      for (const claim of claims) this.#start({ account, room, claim });
      if (claims.length === limit) this.wake(account);
      const soonest = host.now() + (claims.length === 0 ? LOOK_AGAIN_MS : 0);
      this.#agenda.plan(account, nextAt === null ? null : Math.max(nextAt, soonest));
    } catch (cause) {
      host.log({ level: 'error', event: 'webhook_claim_failed', account, cause: String(cause) });
      this.#agenda.plan(account, host.now() + TROUBLE_MS);
    } finally {
      this.#reserved -= limit;
      // Places that were kept for this account and not needed are another's, who found none.
      this.#again ||= this.#hungry.size > 0 && this.#running.size + this.#reserved < CALLS_AT_ONCE;
    }
  }

  #start(work: Work): void {
    const ended = this.#carry(work)
      .catch((cause: unknown) => {
        const { claimId: claim } = work.claim;
        this.#parts.host.log({ level: 'error', event: 'webhook_call_crashed', claim, cause: String(cause) });
      })
      .finally(() => {
        this.#running.delete(ended);
        this.wake(work.account);
      });
    this.#running.add(ended);
  }

  #carry(work: Work): Promise<void> {
    return placeCall(work, {
      ...this.#parts,
      signal: this.#abort.signal,
      hurry: this.#hurry.signal,
      // The next claim is asked for in the same turn: on a host that groups commits the two share one.
      writing: () => this.wake(work.account),
    });
  }

  #arm(): void {
    this.#cancelTimer();
    const at = this.#agenda.earliest();
    if (at === null || this.#stopped) return;
    const { host } = this.#parts;
    this.#cancelTimer = host.after(Math.max(0, at - host.now()), () => this.#turn());
  }
}
