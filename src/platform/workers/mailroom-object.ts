import { DurableObject } from 'cloudflare:workers';
import { NOTIFY_LEASE_MS } from '../../clerk/notify.ts';
import { simulateAll } from '../../clerk/outcome.ts';
import { sweep } from '../../clerk/sweep.ts';
import type { Host } from '../../due/host.ts';
import { SIMULATED } from '../../mailroom/lane.ts';
import type { Mailroom as Room } from '../../mailroom/mailroom.ts';
import { openMailroom } from '../../mailroom/open.ts';
import type { DeliveryClaim } from '../../mailroom/webhook-records.ts';
import type { ObjectStore } from '../../objects/store.ts';
import { Dispatch, type HandOver, LEASE_MS } from './dispatch.ts';
import type { Env } from './env.ts';
import { workerHost, workerLog } from './host.ts';
import { notifierObject } from './notifier-object.ts';
import { Readings } from './readings.ts';
import { relayObject } from './relay-object.ts';
import { type AnswerOf, asyncRoom, type CallOf, type Verb } from './remote-room.ts';
import { mailroomConfig, type NamedAccount, settingsOf } from './settings.ts';
import { durableObjectSql } from './sql.ts';
import { workerStore } from './store.ts';

/** Simulated mails in one transaction, and transactions in one run; more would hold up those who send. */
const SIMULATED_AT_ONCE = 100;
const SIMULATED_ROUNDS = 50;

/** Webhook calls taken in one look; what is left is looked for at once. */
const CALLS_AT_ONCE = 32;

/** When no call could be taken although one is due. */
const NO_CALLS_MS = 1_000;

/** When a room that could not be read is looked at again. */
const TROUBLE_MS = 30_000;

const HOUR_MS = 3_600_000;
const SWEEP_EVERY_MS = 24 * HOUR_MS;

/** Kept beside the rows: an object that sleeps most of its life would sweep at every waking, or never. */
const SWEPT_AT = 'swept_at';

/** Verbs after which something may be due earlier than before: mail, the end of a lease, or an event for a webhook. */
const BRINGS_WORK: ReadonlySet<Verb> = new Set([
  'accept',
  'reschedule',
  'cancel',
  'retry',
  'claim',
  'settle',
  'recover',
  'suppress',
  'unsuppress',
  'sweep',
  'updateWebhook',
  'testWebhook',
  'replayWebhookEvent',
  'claimDeliveries',
  'settleDelivery',
  'receive',
  'claimArrivals',
  'settleArrival',
  'unsubscribe',
]);

/**
 * One account's mailroom. Its verbs are remote calls; its alarm claims what is due, hands mail over to the relay objects and
 * webhook calls to the notifier objects, and never waits for a network.
 */
export class Mailroom extends DurableObject<Env> {
  /** Milliseconds since 1970 UTC. A test tells another time. */
  clock = (): number => Date.now();
  readonly #account: string;
  readonly #room: Room;
  readonly #dispatch: Dispatch;
  readonly #readings: Readings;
  readonly #host: Host;
  readonly #objects: ObjectStore;
  /** When the alarm rings, as far as this instance knows; null makes it set one. */
  #ringsAt: number | null = null;
  /** No call could be taken when it was last tried: not before this moment again, unless something comes. */
  #noCallsUntil = 0;
  #sweptAt: number;
  #isSettlingIn = false;
  #hasSettledIn = false;

  // Opening the room, migrations included, is synchronous: no call comes in before the constructor has returned.
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (ctx.id.name === undefined) throw new Error('A mailroom is found by the name of its account');
    this.#account = ctx.id.name;
    const settings = settingsOf(env);
    this.#host = workerHost({ log: workerLog(settings), now: () => this.clock() });
    this.#objects = workerStore({ env, settings, host: this.#host });
    this.#room = openMailroom({
      sql: durableObjectSql(ctx.storage),
      config: mailroomConfig(settings),
      newId: () => crypto.randomUUID(),
      random: () => Math.random(),
    });
    this.#seatFirstKey(settings.accounts);
    this.#dispatch = new Dispatch({
      room: this.#room,
      relays: settings.relays,
      shards: settings.relayShards,
    });
    this.#readings = new Readings({
      account: this.#account,
      room: this.#room,
      readers: env.READER,
      host: this.#host,
      waitUntil: (work) => ctx.waitUntil(work),
      changed: () => this.#armAnyway(),
    });
    // No lease, nobody to ask for. (The room's other moments are lanes, all left out here, and the end of somebody's patience.)
    const lanes = ['', SIMULATED, ...settings.relays.map(({ name }) => name)];
    const mail = this.#room.nextDue({ now: 0, closed: lanes });
    this.#hasSettledIn =
      mail === null &&
      this.#room.nextDeliveryDue({ now: 0 }) === null &&
      this.#room.nextArrivalDue({ now: 0 }) === null;
    this.#sweptAt = ctx.storage.kv.get<number>(SWEPT_AT) ?? 0;
  }

  /** The key that ACCOUNTS names is good as long as it stands there; the room keeps it once. */
  #seatFirstKey(accounts: readonly NamedAccount[]): void {
    const account = accounts.find(({ name }) => name === this.#account);
    if (account === undefined) return;
    const { publicId, hash } = account;
    const key = {
      id: crypto.randomUUID(),
      name: 'First key',
      permission: 'full_access',
      domain: null,
    } as const;
    this.#room.createApiKey({ key: { ...key, publicId, hash }, now: this.clock() });
  }

  /** One verb of the room. Rows and alarm are written in one turn, so they are one commit. */
  ask<V extends Verb>(verb: V, call: CallOf<V>): AnswerOf<V> {
    const work = this.#room[verb] as (call: CallOf<V>) => AnswerOf<V>;
    const answer = work(call);
    const now = this.clock();
    if (BRINGS_WORK.has(verb)) {
      this.#dispatch.news(now);
      this.#noCallsUntil = 0;
    }
    // Looking for the next moment reads rows: what only reads does not move it.
    if (BRINGS_WORK.has(verb) || this.#ringsAt === null) this.#arm(now);
    return answer;
  }

  override async alarm(): Promise<void> {
    this.#ringsAt = null;
    const now = this.clock();
    try {
      if (this.#hasSettledIn) this.#run(now);
      else this.ctx.waitUntil(this.#settleIn());
      this.#sweep(now);
    } catch (cause) {
      // The platform drops an alarm that has failed seven times; what waits must not be forgotten with it.
      this.#host.log({ level: 'error', event: 'alarm_failed', account: this.#account, cause: String(cause) });
    } finally {
      this.#armAnyway();
    }
  }

  /**
   * What is under a lease when this instance begins was handed over by one that is gone. The runtime was perhaps gone
   * too, and then nobody carries it: it is decided at once instead of when the lease ends, in a quarter of an hour. Should
   * a relay object carry it all the same, its attempt is refused at phase `dot`. Nothing is claimed before. Readers are asked on
   * their own: one that is at work finishes, and a mail that waits does not wait for it.
   */
  async #settleIn(): Promise<void> {
    if (this.#isSettlingIn) return;
    this.#isSettlingIn = true;
    try {
      const [isCarried, isRead] = await Promise.all([this.#isCarriedAnywhere(), this.#readings.areAlive()]);
      this.#room.recover({ now: this.clock(), all: !isCarried, allReadings: !isRead });
    } catch (cause) {
      const facts = { account: this.#account, cause: String(cause) };
      this.#host.log({ level: 'warn', event: 'settling_in_failed', ...facts });
    }
    this.#hasSettledIn = true;
    this.#run(this.clock());
    this.#armAnyway();
  }

  async #isCarriedAnywhere(): Promise<boolean> {
    const { relays, relayShards } = settingsOf(this.env);
    const asked = relays.flatMap(({ name: relay }) =>
      Array.from({ length: relayShards }, (_, shard) =>
        relayObject(this.env.RELAY, { relay, shard }).carries(this.#account),
      ),
    );
    return (await Promise.all(asked)).some(Boolean);
  }

  #run(now: number): void {
    this.#room.recover({ now, all: false });
    this.#simulate(now);
    for (const work of this.#dispatch.claim(now)) {
      // Not awaited: the alarm ends now, and the next one may ring while this message is on its way.
      this.ctx.waitUntil(this.#handOver(work));
    }
    const { claims } = this.#room.claimDeliveries({ now, limit: CALLS_AT_ONCE, leaseMs: NOTIFY_LEASE_MS });
    this.#noCallsUntil = claims.length === 0 ? now + NO_CALLS_MS : 0;
    for (const claim of claims) this.ctx.waitUntil(this.#call(claim));
    this.#readings.begin(now);
  }

  /** Simulated addresses are settled inside: no network, no relay object. */
  #simulate(now: number): void {
    const call = { now, relay: SIMULATED, unbound: false, insteadOf: [], leaseMs: LEASE_MS };
    for (let round = 0; round < SIMULATED_ROUNDS; round++) {
      const claims = this.#room.claim({ ...call, limit: SIMULATED_AT_ONCE });
      for (const { attemptId, recipients } of claims) {
        this.#room.settle({ attemptId, now, outcomes: simulateAll(recipients) });
      }
      if (claims.length < SIMULATED_AT_ONCE) return;
    }
  }

  async #handOver({ relay, shard, claim }: HandOver): Promise<void> {
    let closedUntil = 0;
    try {
      const stub = relayObject(this.env.RELAY, { relay, shard });
      ({ closedUntil } = await stub.deliver({ account: this.#account, claim }));
    } catch (cause) {
      // The object went away with the message (a deployment, an eviction). The stored phase decides when the lease ends.
      const facts = { account: this.#account, attempt: claim.attemptId, cause: String(cause) };
      this.#host.log({ level: 'error', event: 'hand_over_failed', ...facts });
    }
    this.#dispatch.finished({ relay, shard, closedUntil });
    const now = this.clock();
    this.#run(now);
    this.#arm(now);
  }

  /** What comes of it the notifier object tells the room itself; should it go away, the call is made again after its lease. */
  async #call(claim: DeliveryClaim): Promise<void> {
    const account = this.#account;
    try {
      const stub = notifierObject(this.env.NOTIFIER, { account, webhook: claim.webhookId });
      await stub.call({ account, claim });
    } catch (cause) {
      const facts = { account, webhook: claim.webhookId, cause: String(cause) };
      this.#host.log({ level: 'error', event: 'webhook_hand_over_failed', ...facts });
    }
  }

  /** Objects are deleted over a network, so the alarm does not wait for it. */
  #sweep(now: number): void {
    if (now < this.#sweptAt + SWEEP_EVERY_MS) return;
    const sweptAt = this.#sweptAt;
    this.#sweptAt = now;
    this.ctx.storage.kv.put(SWEPT_AT, now);
    const parts = { account: this.#account, room: asyncRoom(this.#room), objects: this.#objects };
    const work = sweep({ ...parts, host: this.#host, signal: new AbortController().signal, sweptAt });
    this.ctx.waitUntil(
      work.catch((cause: unknown) =>
        this.#host.log({
          level: 'error',
          event: 'sweep_failed',
          account: this.#account,
          cause: String(cause),
        }),
      ),
    );
  }

  /** Also when the room cannot be read: it may be readable later, and nobody else would look. */
  #armAnyway(): void {
    try {
      this.#arm(this.clock());
    } catch {
      void this.ctx.storage.setAlarm(this.clock() + TROUBLE_MS);
    }
  }

  /** Makes sure that the alarm rings when there is something to do. One that rings too early costs one look. */
  #arm(now: number): void {
    const mail = this.#dispatch.nextLook(now);
    const call = this.#room.nextDeliveryDue({ now });
    const looks = [mail ?? Number.POSITIVE_INFINITY, Math.max(now, this.#sweptAt + SWEEP_EVERY_MS)];
    if (call !== null) looks.push(Math.max(call, now, this.#noCallsUntil));
    const mailIn = this.#readings.nextLook(now);
    if (mailIn !== null) looks.push(mailIn);
    if (!this.#hasSettledIn && !this.#isSettlingIn) looks.push(now);
    const at = Math.min(...looks);
    if (this.#ringsAt !== null && this.#ringsAt <= at) return;
    this.#ringsAt = at;
    // Not awaited: the output gate holds every answer back until it is on disk, and a failure ends the object.
    void this.ctx.storage.setAlarm(at);
  }
}
