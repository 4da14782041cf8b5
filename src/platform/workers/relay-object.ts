import { DurableObject } from 'cloudflare:workers';
import { type CarryParts, carry } from '../../clerk/carry.ts';
import { backAll } from '../../clerk/outcome.ts';
import { relayStateLine } from '../../clerk/relay-state-line.ts';
import { settleUntilLeaseEnds } from '../../clerk/settle.ts';
import type { Host } from '../../due/host.ts';
import { pause } from '../../due/host.ts';
import type { RelayHealth } from '../../http/parts.ts';
import type { Claim } from '../../mailroom/records.ts';
import { compose } from '../../mime/compose.ts';
import type { ObjectStore } from '../../objects/store.ts';
import {
  afterCondition,
  claimRate,
  describe,
  type Health,
  healthy,
  isOpen,
  nextProbeAt,
  probing,
} from '../../relay/health.ts';
import { createRelay } from '../../relay/pool.ts';
import { type Bucket, fullBucket, take, waitForOne } from '../../relay/rate.ts';
import type { Relay as Carrier, Condition, RelayConfig } from '../../relay/relay.ts';
import { createSmtpConnect } from '../../relay/smtp.ts';
import type { Env } from './env.ts';
import { workerReturnPaths } from './funnel.ts';
import { workerHost, workerLog } from './host.ts';
import { remoteRoom } from './remote-room.ts';
import { settingsOf, type WorkerSettings } from './settings.ts';
import { openSocket } from './sockets.ts';
import { workerStore } from './store.ts';
import { WORKERS_WAITS } from './waits.ts';

/** A message that came while the relay is closed is due again when it opens, and never sooner than this. */
const LEAST_RETRY_MS = 1_000;

/** A message that must wait longer than this for a ramp is better off in its row: the lease is for the attempt. */
const LONGEST_RAMP_WAIT_MS = 10_000;

/** An attempt may take this long once it begins: a free connection, all before the dot, the reply to the dot. */
const LONGEST_ATTEMPT_MS = WORKERS_WAITS.slot + WORKERS_WAITS.beforeDot + WORKERS_WAITS.dot;

interface Delivery {
  readonly account: string;
  readonly claim: Claim;
}

/** What a relay object says when it is done with a message. */
export interface RelayReport {
  /** Until when nothing need be brought; 0 when the relay is open. */
  readonly closedUntil: number;
}

/** One of the objects that carry mail to a relay. Its name says which relay, and which of its shards. */
export function relayObject(
  relays: Env['RELAY'],
  { relay, shard }: { readonly relay: string; readonly shard: number },
): DurableObjectStub<Relay> {
  return relays.getByName(`${relay}/${shard}`);
}

/** The connections of one relay, kept open between messages, and what is known of its health. */
export class Relay extends DurableObject<Env> {
  /** Milliseconds since 1970 UTC. A test tells another time. */
  clock = (): number => Date.now();
  readonly #relay: Carrier;
  readonly #host: Host;
  readonly #objects: ObjectStore;
  readonly #returnPaths: Pick<CarryParts, 'returnPaths'>;
  /** Messages that are here, by account. */
  readonly #carried = new Map<string, number>();
  #health: Health = healthy();
  #ramp: Bucket;
  #recipientsAtOnce: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const settings = settingsOf(env);
    this.#host = workerHost({ log: workerLog(settings), now: () => this.clock() });
    this.#objects = workerStore({ env, settings, host: this.#host });
    const returnPaths = workerReturnPaths(settings);
    this.#returnPaths = returnPaths === null ? {} : { returnPaths };
    const clock = { now: this.#host.now, after: this.#host.after };
    const connect = createSmtpConnect({ openSocket, tls: {}, clock, waits: WORKERS_WAITS });
    this.#relay = createRelay(configOf(settings, ctx.id.name ?? ''), {
      connect,
      clock,
      waits: WORKERS_WAITS,
    });
    this.#ramp = fullBucket(1, this.clock());
  }

  /** Carries one claimed message to its end. The call stays open that long: it keeps this object in memory. */
  async deliver({ account, claim }: Delivery): Promise<RelayReport> {
    const parts = {
      account,
      room: remoteRoom(this.env.MAILROOM, account),
      host: this.#host,
      // Never: this host gives no signal before it stops.
      hurry: new AbortController().signal,
      // The room that cannot be written to is the one that would have to hold back: it claims nothing without writing.
      troubled: () => {},
    };
    this.#count(account, 1);
    try {
      // A probe or a ramp may have used the lease up: no reply may come when recovery has decided already.
      const mayCarry = (await this.#mayCarry()) && claim.leaseUntil - this.clock() >= LONGEST_ATTEMPT_MS;
      await (mayCarry ? this.#carry(claim, parts) : this.#putBack(claim, parts));
    } finally {
      this.#count(account, -1);
    }
    return { closedUntil: closedUntil(this.#health, this.clock()) };
  }

  /** Whether mail of this account is on its way here. */
  carries(account: string): boolean {
    return (this.#carried.get(account) ?? 0) > 0;
  }

  health(): RelayHealth {
    const { state, cause, since } = describe(this.#health, this.clock());
    return { name: this.#relay.name, state, reason: cause, since, nextProbeAt: nextProbeAt(this.#health) };
  }

  /**
   * Whether the relay takes mail now. One that is held or broken is asked when somebody brings mail after the time of
   * its next probe: by connecting and AUTH alone, once, however many are waiting.
   */
  async #mayCarry(): Promise<boolean> {
    const now = this.clock();
    const probeAt = nextProbeAt(this.#health);
    if (probeAt !== null && probeAt <= now) {
      this.#health = probing(this.#health, now);
      this.#heard(await this.#relay.probe(new AbortController().signal));
    }
    return isOpen(this.#health, this.clock()) && (await this.#afterRamp());
  }

  /** After an outage everything waits at once: the rate grows back. The configured rate is the relay's own to keep. */
  async #afterRamp(): Promise<boolean> {
    const now = this.clock();
    const rate = claimRate(this.#health, { configured: this.#relay.rate, now });
    if (rate === null || rate === this.#relay.rate) return true;
    const wait = waitForOne(this.#ramp, rate, now);
    if (wait > LONGEST_RAMP_WAIT_MS) return false;
    this.#ramp = take(this.#ramp, { count: 1, rate, now });
    await pause(this.#host, wait, new AbortController().signal);
    return isOpen(this.#health, this.clock());
  }

  async #carry(claim: Claim, parts: CarryAcross): Promise<void> {
    const attempt = { abort: new AbortController(), reachedDot: false, stopped: false };
    await carry(claim, attempt, {
      ...parts,
      relay: this.#relay,
      objects: this.#objects,
      compose,
      ...this.#returnPaths,
      recipientsAtOnce: this.#recipientsAtOnce,
      answered: (condition, taken) => {
        if (condition !== null) this.#heard(condition);
        if (taken !== null)
          this.#recipientsAtOnce = Math.max(1, Math.min(taken, this.#recipientsAtOnce ?? taken));
      },
    });
  }

  #count(account: string, change: 1 | -1): void {
    const count = (this.#carried.get(account) ?? 0) + change;
    if (count > 0) this.#carried.set(account, count);
    else this.#carried.delete(account);
  }

  /** Nobody's attempt: due again when the relay may be open. */
  async #putBack(claim: Claim, parts: CarryAcross): Promise<void> {
    const now = this.clock();
    const retryInMs = Math.max(LEAST_RETRY_MS, closedUntil(this.#health, now) - now);
    const cause = describe(this.#health, now).cause ?? 'the relay is busy';
    await settleUntilLeaseEnds(claim, backAll(claim.recipients, { cause, retryInMs }), parts);
  }

  #heard(condition: Condition): void {
    const now = this.clock();
    const before = describe(this.#health, now).state;
    this.#health = afterCondition(this.#health, { condition, now });
    const { state, cause } = describe(this.#health, now);
    if (state === before) return;
    this.#host.log(relayStateLine(this.#relay.name, { state, cause }));
  }
}

type CarryAcross = Pick<CarryParts, 'account' | 'room' | 'host' | 'hurry' | 'troubled'>;

/** Each shard is a relay of its own with the connections of RELAY_URL; the rate is shared out among them. */
function configOf(settings: WorkerSettings, objectName: string): RelayConfig {
  const name = objectName.slice(0, objectName.lastIndexOf('/'));
  const config = settings.relays.find((relay) => relay.name === name);
  if (config === undefined) throw new Error('A relay object is found by the name of its relay and a number');
  return { ...config, rate: config.rate === null ? null : config.rate / settings.relayShards };
}

/** Until when nothing need be brought; 0 when the relay is open. */
function closedUntil(health: Health, now: number): number {
  return describe(health, now).until ?? 0;
}
