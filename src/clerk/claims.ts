import type { Host } from '../due/host.ts';
import { pause } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Claim } from '../mailroom/records.ts';
import type { Compose } from '../mime/message.ts';
import type { ReturnPaths } from '../mime/return-path.ts';
import type { ObjectStore } from '../objects/store.ts';
import { carry } from './carry.ts';
import type { Attempt } from './deliver.ts';
import type { Desk } from './desk.ts';
import type { Settled } from './outcome.ts';
import { simulateAll } from './outcome.ts';
import type { Rooms } from './rooms.ts';
import { settleUntilLeaseEnds } from './settle.ts';
import type { Turn } from './turns.ts';

/** Longer than the longest connection: 10 min before the dot, 10 min after it (delivery.md section 10). */
export const LEASE_MS = 21 * 60_000;

/** Simulated mail costs no network, but each message a transaction: not so many at once that others wait for them. */
const SIMULATED_AT_ONCE = 50;

/** Left of the time for a stop when the last waits are cut, so that `unknown` can still be written. */
const WRITING_MS = 1_000;

interface ClaimsParts {
  readonly rooms: Rooms;
  readonly objects: ObjectStore;
  readonly compose: Compose;
  readonly host: Host;
  readonly returnPaths?: Pick<ReturnPaths, 'print'>;
  /** A connection is free again; and true when the relay opened or closed, so that other mail may go another way now. */
  readonly changed: (isRelayChanged: boolean) => void;
  /** What an attempt came to is written; true when some of it will be due again, or may be due elsewhere. */
  readonly finished: (account: string, isMoreLikely: boolean) => void;
}

/** Takes work from the rooms and has it carried; knows every attempt that runs. */
export class Claims {
  /** Accounts that may have due mail to simulated addresses. */
  readonly simulated = new Set<string>();
  readonly #parts: ClaimsParts;
  readonly #running = new Map<Attempt, { readonly leaseUntil: number; readonly ended: Promise<void> }>();
  /** How many outcomes wait to be written, by account. Nothing is claimed from a room that cannot be written to. */
  readonly #unwritten = new Map<string, number>();
  readonly #hurry = new AbortController();
  #stopped = false;

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
  }

  /** Fills the free connections of one relay, the accounts in turns. */
  async serve(desk: Desk, turn: Turn): Promise<void> {
    const { host } = this.#parts;
    for (const account of [...desk.hungry]) {
      const now = host.now();
      const limit = desk.room(now);
      if (limit <= 0 || this.#stopped) return;
      if (this.#unwritten.has(account)) continue;
      // Taken off first: whoever wakes this account while the claim is under way puts it on again.
      desk.hungry.delete(account);
      const taken = await this.#claim(account, turn, limit);
      if (taken === null) continue;
      desk.took(taken.claims.length, now);
      if (taken.claims.length === limit) desk.hungry.add(account);
      for (const claim of taken.claims)
        this.#start(claim, (attempt) => this.#carry(claim, attempt, { ...taken, desk }));
    }
  }

  async serveSimulated(): Promise<void> {
    for (const account of [...this.simulated]) {
      if (this.#stopped) return;
      if (this.#unwritten.has(account)) continue;
      this.simulated.delete(account);
      const turn: Turn = { relay: 'simulated', unbound: false, insteadOf: [] };
      const taken = await this.#claim(account, turn, SIMULATED_AT_ONCE);
      if (taken === null) continue;
      if (taken.claims.length === SIMULATED_AT_ONCE) this.simulated.add(account);
      for (const claim of taken.claims) this.#start(claim, () => this.#simulate(claim, taken));
    }
  }

  /** True while an attempt outlives its lease by our clock: the clock jumped, for no attempt lasts that long. */
  hasOutlived(now: number): boolean {
    return [...this.#running.values()].some(({ leaseUntil }) => leaseUntil <= now);
  }

  /** Nothing is claimed any more, and what has not reached its dot is broken off. */
  stop(): void {
    this.#stopped = true;
    for (const attempt of this.#running.keys()) withdraw(attempt);
  }

  /** Waits for what runs; what is left near the end of the time is cut off. */
  async drain(withinMs: number): Promise<void> {
    const timeout = new AbortController();
    const all = Promise.all([...this.#running.values()].map(({ ended }) => ended));
    const done = all.then(() => timeout.abort());
    await pause(this.#parts.host, Math.max(0, withinMs - WRITING_MS), timeout.signal);
    for (const attempt of this.#running.keys()) attempt.abort.abort();
    await Promise.race([done, pause(this.#parts.host, WRITING_MS, timeout.signal)]);
    this.#hurry.abort();
  }

  async #claim(account: string, turn: Turn, limit: number): Promise<Taken | null> {
    const { rooms, host } = this.#parts;
    try {
      const room = await rooms.room(account);
      if (room === null) return null;
      const claims = await room.claim({ ...turn, now: host.now(), limit, leaseMs: LEASE_MS });
      return { account, room, claims };
    } catch (cause) {
      host.log({ level: 'error', event: 'claim_failed', account, relay: turn.relay, cause: String(cause) });
      return null;
    }
  }

  #start(claim: Claim, work: (attempt: Attempt) => Promise<void>): void {
    const attempt: Attempt = { abort: new AbortController(), reachedDot: false, stopped: false };
    // Claimed while the stop came: it is put back by the same way as all the others.
    if (this.#stopped) withdraw(attempt);
    const ended = work(attempt)
      .catch((cause: unknown) => {
        this.#parts.host.log({
          level: 'error',
          event: 'attempt_crashed',
          attempt: claim.attemptId,
          cause: String(cause),
        });
      })
      .finally(() => this.#running.delete(attempt));
    this.#running.set(attempt, { leaseUntil: claim.leaseUntil, ended });
  }

  async #carry(claim: Claim, attempt: Attempt, from: Taken & { readonly desk: Desk }): Promise<void> {
    const { desk, account, room } = from;
    const { host, changed, finished } = this.#parts;
    const trouble = this.#trouble(account);
    const outcomes = await carry(claim, attempt, {
      ...this.#parts,
      account,
      room,
      relay: desk.relay,
      recipientsAtOnce: desk.recipientsAtOnce,
      answered: (condition, taken) => {
        const now = host.now();
        desk.finished();
        if (taken !== null) desk.learnRecipients(taken);
        changed(condition !== null && desk.heard(condition, now));
      },
      troubled: trouble.begin,
      hurry: this.#hurry.signal,
    });
    trouble.end();
    finished(account, outcomes.some(comesAgain));
  }

  async #simulate(claim: Claim, { account, room }: Taken): Promise<void> {
    const trouble = this.#trouble(account);
    const { host } = this.#parts;
    await settleUntilLeaseEnds(claim, simulateAll(claim.recipients), {
      room,
      host,
      hurry: this.#hurry.signal,
      troubled: trouble.begin,
    });
    trouble.end();
    this.#parts.finished(account, false);
  }

  #trouble(account: string): { readonly begin: () => void; readonly end: () => void } {
    let counted = false;
    const add = (count: number): void => {
      const left = (this.#unwritten.get(account) ?? 0) + count;
      if (left > 0) this.#unwritten.set(account, left);
      else this.#unwritten.delete(account);
    };
    return {
      begin: () => {
        if (!counted) add(1);
        counted = true;
      },
      end: () => {
        if (counted) add(-1);
        counted = false;
      },
    };
  }
}

interface Taken {
  readonly account: string;
  readonly room: Async<Mailroom>;
  readonly claims: readonly Claim[];
}

/** Before the dot it is broken off; after it only the wait is left, and that is not ours to cut short yet. */
function withdraw(attempt: Attempt): void {
  if (attempt.reachedDot) return;
  attempt.stopped = true;
  attempt.abort.abort();
}

function comesAgain({ outcome }: Settled): boolean {
  return outcome.kind === 'back' || outcome.kind === 'deferred' || outcome.kind === 'unknown';
}
