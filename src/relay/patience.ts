import type { Phase } from '../../schemas/delivery.ts';

/** Why a wait in this phase came to nothing. */
export function timedOut(phase: Phase): string {
  return `timed out in phase ${phase}`;
}

/** Time, handed in. `after` answers a function that takes the appointment back. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** The longest wait in each phase, in milliseconds, and for all before the dot together. */
export type Waits = Readonly<Record<Exclude<Phase, 'claimed'> | 'beforeDot' | 'slot', number>>;

/**
 * RFC 5321 §4.5.3.2, shortened before the dot, where impatience only defers. After the dot it would make duplicates or
 * losses: the full ten minutes.
 */
export const NODE_WAITS: Waits = {
  slot: 30_000,
  connect: 30_000,
  greeting: 60_000,
  tls: 60_000,
  auth: 60_000,
  mail: 300_000,
  rcpt: 300_000,
  data: 120_000,
  body: 180_000,
  dot: 600_000,
  beforeDot: 600_000,
};

/** One running deadline for a connection: each step has its own, and none before the dot outlives `until`. */
export interface Patience {
  /** Begins a step, which ends the one before. Bytes that arrive do not prolong it: a dripping peer gains nothing. */
  enter(phase: Exclude<Phase, 'claimed'>): void;
  stop(): void;
}

export function createPatience(call: {
  readonly clock: Clock;
  readonly waits: Waits;
  readonly until: number;
  readonly expired: (cause: string) => void;
}): Patience {
  let cancel = (): void => undefined;
  let stopped = false;
  return {
    enter(phase) {
      cancel();
      // Replies and blocks may still be under way when all is over: they start nothing any more.
      if (stopped) return;
      const left = Math.max(call.until - call.clock.now(), 0);
      const wait = phase === 'dot' ? call.waits.dot : Math.min(call.waits[phase], left);
      cancel = call.clock.after(wait, () => call.expired(timedOut(phase)));
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
