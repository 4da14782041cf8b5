/**
 * Longer than any call may take (ten minutes, threats section 6): a slow one that is still held must count. On Workers a call whose
 * client went away just stops, and closes nothing.
 */
const FORGOTTEN_AFTER_MS = 11 * 60_000;

export interface Share {
  /** False when there is no room for so many more now. */
  take(bytes: number): boolean;
  close(): void;
}

interface Held {
  bytes: number;
  readonly since: number;
}

/** How much of all mails together is in memory: each is bounded, but a provider brings as many at once as it likes. */
export class Hold {
  readonly #limit: number;
  readonly #calls = new Set<Held>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** For one call. @param now milliseconds since 1970 UTC. */
  open(now: number): Share {
    for (const call of this.#calls) if (now - call.since > FORGOTTEN_AFTER_MS) this.#calls.delete(call);
    const mine: Held = { bytes: 0, since: now };
    this.#calls.add(mine);
    return {
      take: (bytes) => {
        let all = bytes;
        for (const call of this.#calls) all += call.bytes;
        if (all > this.#limit) return false;
        mine.bytes += bytes;
        return true;
      },
      close: () => void this.#calls.delete(mine),
    };
  }
}
