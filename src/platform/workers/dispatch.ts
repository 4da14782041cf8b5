import type { Turn } from '../../clerk/turns.ts';
import { turnsOf } from '../../clerk/turns.ts';
import type { Mailroom as Room } from '../../mailroom/mailroom.ts';
import type { Claim } from '../../mailroom/records.ts';

/** Longer than any attempt: 4 minutes before the dot, 10 after it (delivery.md section 10). */
export const LEASE_MS = 15 * 60_000;

/**
 * Messages handed to a relay object beyond the connections it has: they wait there for the moment in which one is free,
 * instead of for the next call from here.
 */
const WAITING_PER_SHARD = 4;

/** When due work could not be claimed because each relay that is open has enough to do. */
const LOOK_AGAIN_MS = 30_000;

interface Standing {
  readonly name: string;
  readonly connections: number;
  /** Nothing is claimed before this moment; 0 when it is open. */
  closedUntil: number;
  /** Messages handed over and not yet reported back, by shard. */
  readonly busy: number[];
}

/** One message and the relay object it goes to. */
export interface HandOver {
  readonly relay: string;
  readonly shard: number;
  readonly claim: Claim;
}

/**
 * What is claimed for which relay, and which of its objects gets it. Each relay has room of its own, so one that hangs
 * takes nothing from another. What is known here is lost with the object's memory: then every relay counts as open and
 * idle, and the relay objects put back what they cannot take.
 */
export class Dispatch {
  readonly #room: Pick<Room, 'claim' | 'nextDue'>;
  readonly #standings: readonly Standing[];
  /** Nothing was to be had when it was last looked for: until then, due work is known to wait for somebody else. */
  #quietUntil = 0;

  constructor(parts: {
    readonly room: Pick<Room, 'claim' | 'nextDue'>;
    readonly relays: readonly { readonly name: string; readonly connections: number }[];
    readonly shards: number;
  }) {
    this.#room = parts.room;
    this.#standings = parts.relays.map(({ name, connections }) => ({
      name,
      connections,
      closedUntil: 0,
      busy: Array.from({ length: parts.shards }, () => 0),
    }));
  }

  /** Claims for every relay what it has room for. Each claim counts until it is `finished`. */
  claim(now: number): readonly HandOver[] {
    const standings = this.#standings.map(({ name, closedUntil }) => ({ name, isOpen: closedUntil <= now }));
    const claimed = turnsOf(standings).flatMap((turn) => this.#claimTurn(turn, now));
    this.#quietUntil = claimed.length === 0 ? now + LOOK_AGAIN_MS : 0;
    return claimed;
  }

  #claimTurn(turn: Turn, now: number): readonly HandOver[] {
    const standing = this.#standing(turn.relay);
    const limit = freeOf(standing);
    if (limit <= 0) return [];
    const claims = this.#room.claim({ ...turn, now, limit, leaseMs: LEASE_MS });
    return claims.map((claim) => {
      const shard = standing.busy.indexOf(Math.min(...standing.busy));
      standing.busy[shard] = (standing.busy[shard] ?? 0) + 1;
      return { relay: turn.relay, shard, claim };
    });
  }

  /** The relay object is done with a message, and says until when its relay is closed (0: open). */
  finished(work: { readonly relay: string; readonly shard: number; readonly closedUntil: number }): void {
    const standing = this.#standing(work.relay);
    standing.busy[work.shard] = (standing.busy[work.shard] ?? 1) - 1;
    standing.closedUntil = work.closedUntil;
    this.#quietUntil = 0;
  }

  /** Rows were added or moved: what was not to be had before may be now. */
  news(now: number): void {
    if (this.#standings.some((one) => one.closedUntil <= now && freeOf(one) > 0)) this.#quietUntil = 0;
  }

  /** The next moment at which looking is of use, or null. Never in a circle while what is due cannot be claimed. */
  nextLook(now: number): number | null {
    const closed = this.#standings.filter(({ closedUntil }) => closedUntil > now);
    const due = this.#room.nextDue({ now, closed: closed.map(({ name }) => name) });
    const looks = closed.map(({ closedUntil }) => closedUntil);
    if (due !== null) looks.push(due > now ? due : Math.max(now, this.#quietUntil));
    return looks.length === 0 ? null : Math.min(...looks);
  }

  #standing(name: string): Standing {
    const found = this.#standings.find((standing) => standing.name === name);
    if (found === undefined) throw new Error('A relay that is not configured');
    return found;
  }
}

function freeOf({ connections, busy }: Standing): number {
  const used = busy.reduce((sum, count) => sum + count, 0);
  return busy.length * (connections + WAITING_PER_SHARD) - used;
}
