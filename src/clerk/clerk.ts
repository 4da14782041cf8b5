import { Agenda } from '../due/agenda.ts';
import type { Host } from '../due/host.ts';
import type { Compose } from '../mime/message.ts';
import type { ReturnPaths } from '../mime/return-path.ts';
import type { ObjectStore } from '../objects/store.ts';
import type { Relay } from '../relay/relay.ts';
import { Claims } from './claims.ts';
import type { Standing } from './desk.ts';
import { Desk } from './desk.ts';
import { Notifier } from './notifier.ts';
import type { NotifyParts } from './notify.ts';
import type { Rooms } from './rooms.ts';
import { sweep } from './sweep.ts';
import { turnsOf } from './turns.ts';

/** A second net under the timer: a clock that jumped, a wake-up that was lost. */
const SCAN_EVERY_MS = 30_000;

/** When something is due that no desk may take now, the account is looked at again after this. */
const LOOK_AGAIN_MS = 1_000;

/** delivery.md section 15: webhook calls that are under way at a stop. */
const CALLS_WITHIN_MS = 5_000;

const SWEEP_AFTER_MS = 60_000;
const SWEEP_EVERY_MS = 3_600_000;

export interface ClerkParts {
  readonly rooms: Rooms;
  /** In the order in which they are tried. */
  readonly relays: readonly Relay[];
  readonly objects: ObjectStore;
  readonly compose: Compose;
  readonly host: Host;
  /** With RETURN_PATH_DOMAIN. */
  readonly returnPaths?: Pick<ReturnPaths, 'print'>;
  /** How webhooks are called; without it none is. */
  readonly webhooks?: Pick<NotifyParts, 'egress' | 'sealer'>;
}

/**
 * Does what is due, for all accounts: claims, carries, settles, sweeps. Woken by `wake`, by a timer set to the earliest due
 * moment, and by a scan.
 */
export class Clerk {
  readonly #parts: ClerkParts;
  readonly #desks: readonly Desk[];
  readonly #claims: Claims;
  readonly #notifier: Notifier | null;
  readonly #agenda = new Agenda();
  /** Ends probes and sweeps when the clerk stops, and lets no further round begin. */
  readonly #leaving = new AbortController();
  readonly #errands = new Set<Promise<void>>();
  #cancelTimer: () => void = () => {};
  /** When the timer that is set goes off; none is. */
  #armedFor = Number.POSITIVE_INFINITY;
  #rounds: Promise<void> | null = null;
  #again = false;
  #scanAt: number;
  #sweepAt: number;
  #sweptAt = 0;

  constructor(parts: ClerkParts) {
    const now = parts.host.now();
    this.#parts = parts;
    this.#desks = parts.relays.map((relay) => new Desk({ relay, now, log: parts.host.log }));
    this.#claims = new Claims({
      ...parts,
      changed: (isRelayChanged) => (isRelayChanged ? this.#wakeAll() : this.#turn()),
      finished: (account, isMoreLikely) => {
        this.#notifier?.wake(account);
        if (isMoreLikely) this.wake(account);
        else this.#turn();
      },
    });
    this.#notifier = parts.webhooks === undefined ? null : new Notifier({ ...parts, ...parts.webhooks });
    this.#scanAt = now + SCAN_EVERY_MS;
    this.#sweepAt = now + SWEEP_AFTER_MS;
  }

  /** Recovery of every room, then the first claims. No lease of an earlier process can be live. */
  async start(): Promise<void> {
    for (const account of this.#parts.rooms.names()) await this.#recover(account, true);
    this.#wakeAll();
  }

  /** Something of this account may be due now. */
  wake(account: string): void {
    for (const desk of this.#desks) desk.hungry.add(account);
    this.#claims.simulated.add(account);
    this.#notifier?.wake(account);
    this.#agenda.disturb(account);
    this.#turn();
  }

  /** Each relay as it is, in order. */
  standings(): readonly Standing[] {
    return this.#desks.map((desk) => desk.standing(this.#parts.host.now()));
  }

  /** Probes a relay at once, and takes it into use again when it is well; null when there is none of this name. */
  async resume(name: string): Promise<Standing | null> {
    const { host } = this.#parts;
    const desk = this.#desks.find(({ relay }) => relay.name === name);
    if (desk === undefined) return null;
    const condition = await desk.relay.probe(this.#leaving.signal);
    const hasChanged =
      condition.kind === 'well' ? desk.resume(host.now()) : desk.heard(condition, host.now());
    if (hasChanged) this.#wakeAll();
    return desk.standing(host.now());
  }

  /**
   * Stops within this time (delivery.md section 15): nothing is claimed any more, what has not reached its dot is put back,
   * what has is waited for, and is `unknown` at the end.
   */
  async stop(withinMs: number): Promise<void> {
    this.#leaving.abort();
    this.#cancelTimer();
    this.#claims.stop();
    const calls = this.#notifier?.stop(Math.min(withinMs, CALLS_WITHIN_MS));
    await this.#rounds;
    await Promise.all([this.#claims.drain(withinMs), calls]);
    await Promise.all(this.#errands);
  }

  #wakeAll(): void {
    for (const account of this.#parts.rooms.names()) this.wake(account);
    this.#turn();
  }

  /** One round at a time; whoever comes meanwhile is served by another round after it. */
  #turn(): void {
    if (this.#leaving.signal.aborted) return;
    this.#again = true;
    this.#rounds ??= this.#goRound().finally(() => {
      this.#rounds = null;
      if (this.#again) this.#turn();
    });
  }

  async #goRound(): Promise<void> {
    while (this.#again && !this.#leaving.signal.aborted) {
      // Wake-ups of the same moment share a round.
      await Promise.resolve();
      this.#again = false;
      const now = this.#parts.host.now();
      this.#look(now);
      const open = this.#desks.map((desk) => ({ name: desk.relay.name, isOpen: desk.isOpen(now) }));
      const serving = turnsOf(open).map(async (turn) => {
        const desk = this.#desks.find(({ relay }) => relay.name === turn.relay);
        if (desk !== undefined) await this.#claims.serve(desk, turn);
      });
      await Promise.all([this.#claims.serveSimulated(), ...serving]);
      for (const account of this.#agenda.unplanned()) await this.#plan(account);
    }
    this.#arm();
  }

  /** What the time alone makes due. */
  #look(now: number): void {
    for (const account of this.#agenda.takeDue(now)) this.wake(account);
    for (const desk of this.#desks) if (desk.mustProbe(now)) this.#send(this.#probe(desk));
    if (this.#scanAt <= now || this.#scanAt > now + SCAN_EVERY_MS) {
      this.#scanAt = now + SCAN_EVERY_MS;
      this.#send(this.#scan(now));
    }
    if (this.#sweepAt <= now || this.#sweepAt > now + SWEEP_EVERY_MS) {
      this.#sweepAt = now + SWEEP_EVERY_MS;
      this.#send(this.#sweepAll());
    }
  }

  #send(errand: Promise<void>): void {
    const told = errand
      .catch((cause: unknown) =>
        this.#parts.host.log({ level: 'error', event: 'errand_failed', cause: String(cause) }),
      )
      .finally(() => this.#errands.delete(told));
    this.#errands.add(told);
  }

  async #probe(desk: Desk): Promise<void> {
    const { host } = this.#parts;
    const condition = await desk.relay.probe(this.#leaving.signal);
    if (this.#leaving.signal.aborted) return;
    const hasChanged = desk.heard(condition, host.now());
    host.log({ level: 'info', event: 'probe', relay: desk.relay.name, result: condition.kind });
    if (hasChanged) this.#wakeAll();
    else this.#turn();
  }

  async #scan(now: number): Promise<void> {
    // An attempt that outlives its lease by our clock means that the clock jumped forward, for none lasts that long. Its
    // row must not be given to another attempt while it is still on the wire.
    const isTrusted = !this.#claims.hasOutlived(now);
    for (const account of this.#parts.rooms.names()) {
      if (isTrusted) await this.#recover(account, false);
      this.wake(account);
    }
  }

  async #recover(account: string, all: boolean): Promise<void> {
    const { rooms, host } = this.#parts;
    try {
      const room = await rooms.room(account);
      const recovered = (await room?.recover({ now: host.now(), all })) ?? 0;
      if (recovered > 0) host.log({ level: 'info', event: 'recovered', account, recipients: recovered });
    } catch (cause) {
      host.log({ level: 'error', event: 'recovery_failed', account, cause: String(cause) });
    }
  }

  async #sweepAll(): Promise<void> {
    const { rooms, objects, host } = this.#parts;
    const sweptAt = this.#sweptAt;
    this.#sweptAt = host.now();
    for (const account of rooms.names()) {
      const room = await rooms.room(account);
      if (room !== null) await sweep({ account, room, objects, host, signal: this.#leaving.signal, sweptAt });
    }
  }

  async #plan(account: string): Promise<void> {
    const { rooms, host } = this.#parts;
    const now = host.now();
    try {
      const room = await rooms.room(account);
      const closed = this.#desks.filter((desk) => !desk.isOpen(now)).map(({ relay }) => relay.name);
      const dueAt = room === null ? null : await room.nextDue({ now, closed });
      // Due already, and yet not taken: its relay is busy. Whatever comes behind it is not to be overslept.
      this.#agenda.plan(account, dueAt === null ? null : Math.max(dueAt, now + LOOK_AGAIN_MS));
    } catch (cause) {
      host.log({ level: 'error', event: 'plan_failed', account, cause: String(cause) });
      this.#agenda.plan(account, now + SCAN_EVERY_MS);
    }
  }

  #arm(): void {
    if (this.#leaving.signal.aborted) return;
    const now = this.#parts.host.now();
    const moments = [this.#scanAt, this.#sweepAt];
    const dueAt = this.#agenda.earliest();
    if (dueAt !== null) moments.push(dueAt);
    for (const desk of this.#desks) {
      const wait = desk.hungry.size > 0 ? desk.untilRoom(now) : null;
      const look = desk.nextLook(now);
      if (wait !== null && wait > 0) moments.push(now + wait);
      if (look !== null) moments.push(look);
    }
    const at = Math.min(...moments);
    // One that goes off sooner looks, and is set again then: rounds are many, and the next moment is nearly always the scan.
    if (this.#armedFor <= at && this.#armedFor > now) return;
    this.#cancelTimer();
    this.#armedFor = at;
    this.#cancelTimer = this.#parts.host.after(Math.max(0, at - now), () => {
      this.#armedFor = Number.POSITIVE_INFINITY;
      this.#turn();
    });
  }
}
