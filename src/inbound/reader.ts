import type { ArrivalClaim } from '../mailroom/inbox-records.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import { pause } from './pause.ts';
import { READ_LEASE_MS, type ReadClaimParts, readClaim } from './read-claim.ts';

/** Mails that one account has read in its turn, before the next account has its own. */
const MAILS_PER_TURN = 8;

/** A second net under the timer: a clock that jumped, a wake-up that was lost. */
const SCAN_EVERY_MS = 30_000;

/** When there was nothing to claim although something is due. */
const LOOK_AGAIN_MS = 1_000;

/** Left at the end of a stop for writing that readings were broken off. */
const WRITING_MS = 1_000;

export interface ReaderParts extends Pick<ReadClaimParts, 'read' | 'authenticate' | 'host'> {
  readonly rooms: {
    names(): readonly string[];
    room(account: string): Promise<Async<Mailroom> | null>;
  };
  /** Mails at once, over all accounts. */
  readonly atOnce: number;
  /** Events and mails of this account may have been written. */
  readonly finished: (account: string) => void;
}

/**
 * Reads what has come in, for all accounts: claim, read, settle. Woken by `wake`, by a timer set to the earliest due moment,
 * and by a scan.
 */
export class Reader {
  readonly #parts: ReaderParts;
  /** Accounts that may have something due, the longest waiting first. */
  readonly #hungry = new Set<string>();
  /** When each account has to be looked at next. */
  readonly #dueAt = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  /** Places that claims under way may fill. */
  #reserved = 0;
  readonly #abort = new AbortController();
  readonly #hurry = new AbortController();
  #cancelTimer: () => void = () => {};
  #round: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #scanAt = 0;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** After the recovery of the rooms: then nothing is under a lease of an earlier process. */
  start(): void {
    this.#turn();
  }

  /** Something of this account may be there to be read. */
  wake(account: string): void {
    this.#hungry.add(account);
    this.#turn();
  }

  /** Nothing is begun any more; what is read gets this time, and then is as if it had never been claimed. */
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
      this.#look(this.#parts.host.now());
      await Promise.all([...this.#hungry].map((account) => this.#serve(account)));
    }
    this.#arm();
  }

  /** What the time alone makes due. */
  #look(now: number): void {
    for (const [account, at] of this.#dueAt) {
      if (at > now) continue;
      this.#dueAt.delete(account);
      this.#hungry.add(account);
    }
    if (this.#scanAt > now && this.#scanAt <= now + SCAN_EVERY_MS) return;
    this.#scanAt = now + SCAN_EVERY_MS;
    for (const account of this.#parts.rooms.names()) this.#hungry.add(account);
  }

  async #serve(account: string): Promise<void> {
    const { rooms, host, atOnce } = this.#parts;
    const limit = Math.min(MAILS_PER_TURN, atOnce - this.#running.size - this.#reserved);
    if (limit <= 0 || this.#stopped) return;
    this.#reserved += limit;
    // Taken off first: whoever wakes this account while the claim is under way puts it on again.
    this.#hungry.delete(account);
    try {
      const room = await rooms.room(account);
      if (room === null) return;
      const now = host.now();
      const { claims, nextAt } = await room.claimArrivals({ now, limit, leaseMs: READ_LEASE_MS });
      for (const claim of claims) this.#start({ account, room, claim });
      if (claims.length === limit) this.wake(account);
      const soonest = host.now() + (claims.length === 0 ? LOOK_AGAIN_MS : 0);
      this.#plan(account, nextAt === null ? null : Math.max(nextAt, soonest));
    } catch (cause) {
      host.log({ level: 'error', event: 'mail_claim_failed', account, cause: String(cause) });
      this.#plan(account, host.now() + SCAN_EVERY_MS);
    } finally {
      this.#reserved -= limit;
      // Places that were kept for this account and not needed are another's, who found none.
      this.#again ||= this.#hungry.size > 0 && this.#running.size + this.#reserved < atOnce;
    }
  }

  #plan(account: string, dueAt: number | null): void {
    if (dueAt === null) this.#dueAt.delete(account);
    else this.#dueAt.set(account, dueAt);
  }

  #start(work: {
    readonly account: string;
    readonly room: Async<Mailroom>;
    readonly claim: ArrivalClaim;
  }): void {
    const { account, claim } = work;
    const { host } = this.#parts;
    const ended = readClaim(work, { ...this.#parts, signal: this.#abort.signal, hurry: this.#hurry.signal })
      .catch((cause: unknown) =>
        host.log({ level: 'error', event: 'reading_crashed', received: claim.id, cause: String(cause) }),
      )
      .finally(() => {
        this.#running.delete(ended);
        this.#parts.finished(account);
        this.wake(account);
      });
    this.#running.add(ended);
  }

  #arm(): void {
    this.#cancelTimer();
    if (this.#stopped) return;
    const now = this.#parts.host.now();
    const at = Math.min(this.#scanAt, ...this.#dueAt.values());
    this.#cancelTimer = this.#parts.host.after(Math.max(0, at - now), () => this.#turn());
  }
}
