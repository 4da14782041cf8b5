import type { Refusal } from '../../schemas/error.ts';
import { unavailable } from '../../schemas/refusal.ts';
import type {
  Admission,
  AdmittedKey,
  Door,
  IdempotencyClaim,
  RateState,
  SendItem,
} from '../mailroom/mailroom.ts';
import { type ObjectStore, StoreUnavailable } from '../objects/store.ts';
import type { Outgoing } from './answer.ts';
import type { Caller } from './auth.ts';

/** How long a client waits before it asks again while a dependency is down. */
const RETRY_AFTER_SECONDS = 5;

/** Bytes to be stored before a send is accepted. */
export interface NewObject {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/**
 * One request's way through the account's door. The room is asked once for a small request, twice at most: a request that
 * stores something, or is too big to be read from a stranger, is admitted first.
 */
export class Gate {
  readonly caller: Caller;
  /** The state of the rate after the last answer of the room; undefined while it was not asked. */
  rate: RateState | null | undefined;
  /** The room did not know the key: somebody may be guessing. */
  strange = false;
  readonly #scope: Door['scope'];
  readonly #now: number;
  #key: AdmittedKey | null = null;

  constructor(caller: Caller, scope: Door['scope'], now: number) {
    this.caller = caller;
    this.#scope = scope;
    this.#now = now;
  }

  /** The key, once the room has let it in. */
  get key(): AdmittedKey {
    if (this.#key === null) throw new Error('The door was not passed yet');
    return this.#key;
  }

  /** Passes the door; answers what the room says instead, or null when it is passed. */
  async admit(reservation?: {
    readonly idempotency: IdempotencyClaim;
    readonly token: string;
  }): Promise<Outgoing | null> {
    if (this.#key !== null) return null;
    const door: Door = {
      credential: this.caller.credential,
      scope: this.#scope,
      ...(reservation && { idempotency: reservation.idempotency, reserve: reservation.token }),
    };
    const admission = await this.caller.room.admit({ door, now: this.#now });
    if (admission.kind !== 'admitted') return this.#turnedAway(admission);
    this.rate = admission.rate;
    this.#key = admission.key;
    return null;
  }

  /** A refusal that comes after the door in the order of checks: whoever may not enter hears that instead. */
  async refuse(refusal: Refusal): Promise<Outgoing> {
    return (await this.admit()) ?? { refusal };
  }

  /** Hands a send over: stores what must be stored, then accepts. */
  async accept(send: {
    readonly mode: 'single' | 'strict' | 'permissive';
    /** The items, and what must be stored first: both once the domain a key is bound to is known, if it is by then. */
    readonly items: (keyDomain: string | null) => readonly SendItem[];
    readonly objects: (keyDomain: string | null) => readonly NewObject[];
    readonly idempotency: IdempotencyClaim | null;
    readonly store: ObjectStore;
    /** Names the reservation. */
    readonly token: string;
  }): Promise<Outgoing> {
    const { idempotency, token, mode } = send;
    const held = { ...(idempotency && { idempotency }) };
    // The whole request is known here, so a repeated one is answered before anything is stored.
    const storing = send.objects(this.#key?.domain ?? null).length > 0;
    const reservation = storing && this.#key === null && idempotency !== null ? { idempotency, token } : null;
    if (storing) {
      const stopped = await this.admit(reservation ?? undefined);
      if (stopped !== null) return stopped;
      const failed = await this.#store(send.objects(this.key.domain), send.store, reservation);
      if (failed !== null) return { refusal: failed };
    }
    const door =
      this.#key === null
        ? { credential: this.caller.credential, scope: this.#scope, ...held }
        : { key: this.#key, ...held, ...(reservation && { reserved: token }) };
    const items = send.items(this.#key?.domain ?? null);
    const accepted = await this.caller.room.accept({ door, mode, items, now: this.#now });
    if (accepted.kind !== 'accepted') return this.#turnedAway(accepted);
    if (this.#key === null) this.rate = accepted.rate;
    return { status: accepted.answer.status, json: accepted.answer.body };
  }

  async #store(
    objects: readonly NewObject[],
    store: ObjectStore,
    reservation: { readonly idempotency: IdempotencyClaim; readonly token: string } | null,
  ): Promise<Refusal | null> {
    try {
      for (const { key, bytes, contentType } of objects) await store.put(key, bytes, { contentType });
      return null;
    } catch (cause) {
      if (reservation !== null) {
        const { key, endpoint } = reservation.idempotency;
        await this.caller.room.release({ key, endpoint, reserved: reservation.token });
      }
      if (cause instanceof StoreUnavailable) return unavailable(RETRY_AFTER_SECONDS);
      throw cause;
    }
  }

  #turnedAway(admission: Exclude<Admission, { kind: 'admitted' }>): Outgoing {
    // A call past the door knows no rate of its own: what `admit` said still holds.
    if (this.#key === null) this.rate = admission.rate;
    if (admission.kind === 'replayed')
      return { status: admission.answer.status, json: admission.answer.body };
    this.strange = admission.refusal.code === 'invalid_api_key';
    return { refusal: admission.refusal };
  }
}
