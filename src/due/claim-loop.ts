import { Agenda } from './agenda.ts';
import { type Host, pause } from './host.ts';

/** When there was nothing to claim although something is due. */
const LOOK_AGAIN_MS = 1_000;

/** When a room that could not be read is looked at again. */
const TROUBLE_MS = 30_000;

/** Left at the end of a stop for writing that work was broken off. */
const WRITING_MS = 1_000;

/** One piece of work under a lease, and the room that handed it out. */
export interface Work<Room, Claim> {
  readonly account: string;
  readonly room: Room;
  readonly claim: Claim;
}

export interface Signals {
  /** Breaks off work that a stop has no more time for. */
  readonly signal: AbortSignal;
  /** Ends the writing of what came of it. */
  readonly hurry: AbortSignal;
}

export interface ClaimLoopParts<Room, Claim> {
  readonly rooms: { names(): readonly string[]; room(account: string): Promise<Room | null> };
  readonly host: Pick<Host, 'now' | 'after' | 'log'>;
  /** Pieces of work at once, over all accounts. */
  readonly atOnce: number;
  /** Those that one account takes in its turn, before the next account has its own. */
  readonly perTurn: number;
  /** How often every account is looked at, whether or not it was woken; null where somebody else does that. */
  readonly scanEveryMs: number | null;
  /** For the log: the event of a claim that failed, and of work that threw. */
  readonly events: { readonly claim: string; readonly work: string };
  readonly claim: (
    room: Room,
    call: { readonly now: number; readonly limit: number },
  ) => Promise<{ readonly claims: readonly Claim[]; readonly nextAt: number | null }>;
  readonly carry: (work: Work<Room, Claim>, signals: Signals) => Promise<void>;
  /** What the log calls a piece of work. */
  readonly nameOf: (claim: Claim) => string;
  readonly finished?: (account: string) => void;
}

/**
 * Claims what is due, for all accounts in turns, and carries it out. Woken by `wake`, by a timer set to the earliest due
 * moment, and by a scan.
 */
export class ClaimLoop<Room, Claim> {
  readonly #parts: ClaimLoopParts<Room, Claim>;
  readonly #agenda = new Agenda();
  /** Accounts that may have something due, the longest waiting first. */
  readonly #hungry = new Set<string>();
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

  constructor(parts: ClaimLoopParts<Room, Claim>) {
    this.#parts = parts;
  }

  /** Looks at every account, where there is a scan. */
  start(): void {
    this.#turn();
  }

  /** Something of this account may be due. */
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
      this.#look(this.#parts.host.now());
      await Promise.all([...this.#hungry].map((account) => this.#serve(account)));
    }
    this.#arm();
  }

  /** What the time alone makes due. */
  #look(now: number): void {
    for (const account of this.#agenda.takeDue(now)) this.#hungry.add(account);
    const { rooms, scanEveryMs } = this.#parts;
    // A clock that was set back must not put the scan off.
    if (scanEveryMs === null || (this.#scanAt > now && this.#scanAt <= now + scanEveryMs)) return;
    this.#scanAt = now + scanEveryMs;
    for (const account of rooms.names()) this.#hungry.add(account);
  }

  async #serve(account: string): Promise<void> {
    const { rooms, host, atOnce, perTurn, events } = this.#parts;
    const limit = Math.min(perTurn, atOnce - this.#running.size - this.#reserved);
    if (limit <= 0 || this.#stopped) return;
    this.#reserved += limit;
    // Taken off first: whoever wakes this account while the claim is under way puts it on again.
    this.#hungry.delete(account);
    try {
      const room = await rooms.room(account);
      if (room === null) return;
      const { claims, nextAt } = await this.#parts.claim(room, { now: host.now(), limit });
      for (const claim of claims) this.#start({ account, room, claim });
      if (claims.length === limit) this.wake(account);
      const soonest = host.now() + (claims.length === 0 ? LOOK_AGAIN_MS : 0);
      this.#agenda.plan(account, nextAt === null ? null : Math.max(nextAt, soonest));
    } catch (cause) {
      host.log({ level: 'error', event: events.claim, account, cause: String(cause) });
      this.#agenda.plan(account, host.now() + TROUBLE_MS);
    } finally {
      this.#reserved -= limit;
      // Places that were kept for this account and not needed are another's, who found none.
      this.#again ||= this.#hungry.size > 0 && this.#running.size + this.#reserved < atOnce;
    }
  }

  #start(work: Work<Room, Claim>): void {
    const { host, carry, nameOf, events, finished } = this.#parts;
    const ended = carry(work, { signal: this.#abort.signal, hurry: this.#hurry.signal })
      .catch((cause: unknown) => {
        const claim = nameOf(work.claim);
        host.log({ level: 'error', event: events.work, claim, cause: String(cause) });
      })
      .finally(() => {
        this.#running.delete(ended);
        finished?.(work.account);
        this.wake(work.account);
      });
    this.#running.add(ended);
  }

  #arm(): void {
    this.#cancelTimer();
    if (this.#stopped) return;
    const { host, scanEveryMs } = this.#parts;
    const moments = [this.#agenda.earliest(), scanEveryMs === null ? null : this.#scanAt];
    const at = Math.min(...moments.filter((moment) => moment !== null));
    if (at === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = host.after(Math.max(0, at - host.now()), () => this.#turn());
  }
}
