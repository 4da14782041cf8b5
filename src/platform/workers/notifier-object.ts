import { DurableObject } from 'cloudflare:workers';
import { placeCall } from '../../clerk/place-call.ts';
import type { DeliveryClaim } from '../../mailroom/webhook-records.ts';
import type { Env } from './env.ts';
import { workerHost, workerLog } from './host.ts';
import { workerEgress, workerSealer } from './outward.ts';
import { remoteRoom } from './remote-room.ts';
import { settingsOf } from './settings.ts';

/**
 * The object that calls one webhook. It has at most two calls at a time (the room hands out no more), and so at most four
 * connections that are being opened, of the six that an object may have: a receiver that hangs is in nobody else's way.
 */
export function notifierObject(
  notifiers: Env['NOTIFIER'],
  { account, webhook }: { readonly account: string; readonly webhook: string },
): DurableObjectStub<Notifier> {
  return notifiers.getByName(`${account}/${webhook}`);
}

/** Calls a webhook and tells the room what came of it. Nothing is kept here: what a call is about comes with the claim. */
export class Notifier extends DurableObject<Env> {
  /** Milliseconds since 1970 UTC. A test tells another time. */
  clock = (): number => Date.now();
  readonly #parts: Pick<Parameters<typeof placeCall>[1], 'egress' | 'sealer' | 'host'>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const settings = settingsOf(env);
    const host = workerHost({ log: workerLog(settings), now: () => this.clock() });
    const egress = workerEgress({ settings, after: host.after });
    this.#parts = { egress, sealer: workerSealer(settings), host };
  }

  /** Makes one claimed call to its end. The call from the room stays open that long: it keeps this object in memory. */
  async call({ account, claim }: { readonly account: string; readonly claim: DeliveryClaim }): Promise<void> {
    // Never aborted: this host gives no signal before it stops.
    const { signal } = new AbortController();
    const room = remoteRoom(this.env.MAILROOM, account);
    await placeCall({ account, room, claim }, { ...this.#parts, signal, hurry: signal });
  }
}
