import type { Clock } from './patience.ts';
import { type Bucket, fullBucket, take, waitForOne } from './rate.ts';

/** Lets in so many at once, and so many a second, first come, first served. */
export interface Turnstile {
  /** Null when the wait was aborted or too long. */
  enter(call: { readonly signal: AbortSignal; readonly patienceMs: number }): Promise<Place | null>;
}

export interface Place {
  /** Given up, once, for whoever comes next. */
  leave(): void;
  /** Gives it to the one who waits longest, who goes on at once; false, and it is kept, when there is none or not yet. */
  handOver(): boolean;
}

export function createTurnstile(call: {
  readonly slots: number;
  /** Per second, or null for no limit. */
  readonly rate: number | null;
  readonly clock: Clock;
}): Turnstile {
  const { clock, rate } = call;
  const waiting = new Set<() => void>();
  let free = call.slots;
  let bucket: Bucket = fullBucket(rate ?? 1, clock.now());
  let cancelRefill: (() => void) | null = null;

  function letIn(): void {
    while (free > 0 && waiting.size > 0) {
      const now = clock.now();
      const wait = rate === null ? 0 : waitForOne(bucket, rate, now);
      if (wait > 0) {
        cancelRefill ??= clock.after(wait, () => {
          cancelRefill = null;
          letIn();
        });
        return;
      }
      const [next] = waiting;
      if (next === undefined) return;
      if (rate !== null) bucket = take(bucket, { count: 1, rate, now });
      free -= 1;
      next();
    }
    if (waiting.size === 0) {
      cancelRefill?.();
      cancelRefill = null;
    }
  }

  function place(): Place {
    let isHeld = true;
    const leave = (): void => {
      if (!isHeld) return;
      isHeld = false;
      free += 1;
      letIn();
    };
    return {
      leave,
      handOver() {
        // Who waits though a place is free waits for the rate.
        if (!isHeld || waiting.size === 0 || free > 0) return false;
        free = 1;
        letIn();
        isHeld = free > 0;
        free = 0;
        return !isHeld;
      },
    };
  }

  return {
    enter({ signal, patienceMs }) {
      if (signal.aborted) return Promise.resolve(null);
      // Nobody waits and nothing is to be waited for.
      if (free > 0 && waiting.size === 0 && rate === null) {
        free -= 1;
        return Promise.resolve(place());
      }
      return new Promise((resolve) => {
        const done = (entered: boolean): void => {
          waiting.delete(admitted);
          cancel();
          signal.removeEventListener('abort', giveUp);
          resolve(entered ? place() : null);
          if (!entered) letIn();
        };
        const admitted = (): void => done(true);
        const giveUp = (): void => done(false);
        const cancel = clock.after(patienceMs, giveUp);
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.add(admitted);
        letIn();
      });
    },
  };
}
