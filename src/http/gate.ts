import type { Refusal } from '../../schemas/error.ts';
import type { UploadRecord } from '../mailroom/attachment-records.ts';
import type {
  AcceptCall,
  Admission,
  AdmittedKey,
  Door,
  IdempotencyClaim,
  RateState,
} from '../mailroom/mailroom.ts';
import type { Outgoing } from './answer.ts';
import type { Caller } from './auth.ts';

/** Bytes to be stored before a send is accepted, under the key of their content. */
export interface NewObject {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** The items of a send after everything they need was stored. */
export type Stored = Required<Pick<AcceptCall, 'items' | 'uploads'>>;

/** Takes an idempotency key for the time that it takes to get and store what a send needs. */
export interface Reservation {
  readonly idempotency: IdempotencyClaim;
  /** Names the reservation. */
  readonly token: string;
}

/** What is asked for beside the way in. */
interface Wanted {
  readonly reservation?: Reservation | null;
  /** Ids of uploads that the request names. */
  readonly uploads?: readonly string[];
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
  #reservation: Reservation | null = null;
  #uploads: readonly UploadRecord[] = [];

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

  /** The uploads that `admit` was asked for, those of them that there are. */
  get uploads(): readonly UploadRecord[] {
    return this.#uploads;
  }

  /**
   * Passes the door; answers what the room says instead, or null when it is passed. Who has passed it, and was let in before his
   * request was read, comes again only when the request turns out to want something of the room.
   */
  async admit({ reservation = null, uploads = [] }: Wanted = {}): Promise<Outgoing | null> {
    const isKnown = this.#key !== null;
    if (isKnown && reservation === null && uploads.length === 0) return null;
    const held = reservation && { idempotency: reservation.idempotency, reserve: reservation.token };
    const door =
      this.#key === null
        ? { credential: this.caller.credential, scope: this.#scope, ...held }
        : { key: this.#key, ...held };
    const admission = await this.caller.room.admit({ door, now: this.#now, uploads });
    if (admission.kind !== 'admitted') return this.#turnedAway(admission);
    if (!isKnown) this.rate = admission.rate;
    this.#key = admission.key;
    this.#reservation = reservation;
    this.#uploads = admission.uploads ?? [];
    return null;
  }

  /** Gives up what `admit` reserved, when the request ends without having been handed over. */
  async leave(): Promise<void> {
    if (this.#reservation === null) return;
    const { idempotency, token } = this.#reservation;
    this.#reservation = null;
    await this.caller.room.release({
      key: idempotency.key,
      endpoint: idempotency.endpoint,
      reserved: token,
    });
  }

  /** A refusal that comes after the door in the order of checks: whoever may not enter hears that instead. */
  async refuse(refusal: Refusal): Promise<Outgoing> {
    return (await this.admit()) ?? { refusal };
  }

  /** Hands a send over: stores what must be stored, then accepts. @throws StoreUnavailable */
  async accept(send: {
    readonly mode: 'single' | 'strict' | 'permissive';
    /** Whether something must be stored first, as far as can be told before the domain a key is bound to is known. */
    readonly stores: (keyDomain: string | null) => boolean;
    /** Stores what the items need, and makes them. */
    readonly items: (keyDomain: string | null) => Promise<Stored>;
    readonly reservation: Reservation | null;
  }): Promise<Outgoing> {
    const { mode, reservation } = send;
    // The whole request is known here, so a repeated one is answered before anything is stored.
    if (this.#key === null && send.stores(null)) {
      const stopped = await this.admit({ reservation });
      if (stopped !== null) return stopped;
    }
    const { items, uploads } = await send.items(this.#key?.domain ?? null);
    const held = { ...(reservation && { idempotency: reservation.idempotency }) };
    const reserved = this.#reservation?.token;
    const door =
      this.#key === null
        ? { credential: this.caller.credential, scope: this.#scope, ...held }
        : { key: this.#key, ...held, ...(reserved !== undefined && { reserved }) };
    const accepted = await this.caller.room.accept({ door, mode, items, uploads, now: this.#now });
    // Whatever the room said, it has done with the reservation what belongs to it.
    this.#reservation = null;
    if (accepted.kind !== 'accepted') return this.#turnedAway(accepted);
    if (this.#key === null) this.rate = accepted.rate;
    return { status: accepted.answer.status, json: accepted.answer.body };
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
