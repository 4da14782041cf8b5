import type { Host } from '../due/host.ts';
import type { Health } from '../relay/health.ts';
import {
  afterCondition,
  claimRate,
  describe,
  healthy,
  isOpen,
  nextProbeAt,
  probing,
  resume,
} from '../relay/health.ts';
import type { Bucket } from '../relay/rate.ts';
import { available, fullBucket, take, waitForOne } from '../relay/rate.ts';
import type { Condition, Relay } from '../relay/relay.ts';
import { relayStateLine } from './relay-state-line.ts';

/** A relay that has answered well within this time is taken to go on doing so. */
const FLOWING_MS = 1_000;
/** Messages for each connection: the one that waits for its reply, the one behind its dot, and one that is ready to go behind that. */
const AHEAD = 3;

/** One relay as the operator sees it. */
export interface Standing {
  readonly name: string;
  readonly state: 'open' | 'paused' | 'broken' | 'held';
  readonly cause: string | null;
  /** The next probe, or the end of the pause. */
  readonly until: number | null;
  readonly since: number | null;
}

/** The clerk's place for one relay: how it is, what is on its way to it, and which accounts may have more. */
export class Desk {
  readonly relay: Relay;
  /** Accounts that may have due work here, the longest waiting first. */
  readonly hungry = new Set<string>();
  /** At most this many recipients in one submission; null while no limit is known. 452 4.5.3 teaches it. */
  recipientsAtOnce: number | null = null;
  #health: Health = healthy();
  #underWay = 0;
  #bucket: Bucket;
  #since = 0;
  #wellAt = Number.NEGATIVE_INFINITY;
  readonly #log: Host['log'];

  constructor({ relay, now, log }: { relay: Relay; now: number; log: Host['log'] }) {
    this.relay = relay;
    this.#log = log;
    this.#bucket = fullBucket(relay.rate ?? 1, now);
  }

  /** How it is, in words for the operator, and since when. */
  standing(now: number): Standing {
    const { state, cause, until } = describe(this.#health, now);
    return { name: this.relay.name, state, cause, until, since: state === 'open' ? null : this.#since };
  }

  isOpen(now: number): boolean {
    return isOpen(this.#health, now);
  }

  /** Messages that may be claimed now: as many as connections are free, or soon will be, and the rate allows. */
  room(now: number): number {
    const free = this.#free(now);
    const rate = this.#rate(now);
    if (!this.isOpen(now) || free <= 0) return 0;
    return rate === null ? free : Math.min(free, available(this.#bucket, rate, now));
  }

  /** Milliseconds until the rate allows one more; null when it is not the rate that holds this desk up. */
  untilRoom(now: number): number | null {
    const rate = this.#rate(now);
    if (rate === null || !this.isOpen(now) || this.#free(now) <= 0) return null;
    return waitForOne(this.#bucket, rate, now);
  }

  took(messages: number, now: number): void {
    this.#underWay += messages;
    const rate = this.#rate(now);
    if (rate !== null) this.#bucket = take(this.#bucket, { count: messages, rate, now });
  }

  /** One message is off this desk, one way or the other. */
  finished(): void {
    this.#underWay -= 1;
  }

  /** What an attempt or a probe said about the relay; true when that opened or closed it. */
  heard(condition: Condition, now: number): boolean {
    if (condition.kind === 'well') this.#wellAt = now;
    return this.#become(afterCondition(this.#health, { condition, now }), now);
  }

  /** The operator says that it is mended; true when that opened it. */
  resume(now: number): boolean {
    return this.#become(resume(now), now);
  }

  /** The moment of the next probe, or of the end of a pause; null when nothing is to be waited for. */
  nextLook(now: number): number | null {
    const { state, until } = describe(this.#health, now);
    return state === 'open' ? null : until;
  }

  /** True once for each probe that is due. */
  mustProbe(now: number): boolean {
    const at = nextProbeAt(this.#health);
    if (at === null || at > now) return false;
    this.#health = probing(this.#health, now);
    return true;
  }

  learnRecipients(taken: number): void {
    this.recipientsAtOnce = Math.max(1, Math.min(taken, this.recipientsAtOnce ?? taken));
  }

  /**
   * While a relay keeps answering, the next messages for each connection are claimed and composed ahead, so that none waits
   * for a commit. One that is silent gets no more than it has connections: what is ahead of it would wait with it.
   */
  #free(now: number): number {
    const { connections } = this.relay;
    if (Math.abs(now - this.#wellAt) >= FLOWING_MS) return connections - this.#underWay;
    const free = AHEAD * connections - this.#underWay;
    // A claim costs as much for one message as for several. More than every connection holds is on its way meanwhile.
    return free * 2 < connections ? 0 : free;
  }

  #become(health: Health, now: number): boolean {
    const before = describe(this.#health, now).state;
    this.#health = health;
    const { state, cause } = describe(health, now);
    if (before === state) return false;
    this.#since = now;
    this.#log(relayStateLine(this.relay.name, { state, cause }));
    return (before === 'open') !== (state === 'open');
  }

  #rate(now: number): number | null {
    return claimRate(this.#health, { configured: this.relay.rate, now });
  }
}
