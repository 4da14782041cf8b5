import type { RateState } from './mailroom.ts';

/** The limit is stated per second: `ratelimit-policy: 100;w=1`. */
const WINDOW_MS = 1000;

/** Counts an account's requests. Lives in memory with the open room: a restart forgives at most one second. */
export interface RateWindow {
  /** Counts one request. `allowed` is false when the window was already full; then it is not counted. */
  take(now: number): { readonly allowed: boolean; readonly state: RateState | null };
  /** The state without counting. */
  peek(now: number): RateState | null;
}

/** Fixed windows of one second. `limit` 0 means no limit at all. */
export function openRateWindow(limit: number): RateWindow {
  let start = 0;
  let count = 0;

  function turn(now: number): void {
    if (now >= start + WINDOW_MS) {
      start = Math.floor(now / WINDOW_MS) * WINDOW_MS;
      count = 0;
    }
    // A clock that was set back opens no fresh window, it only moves the present one: else each step back would be a
    // second for free. Kept where it was, the window would last as long as the step.
    if (now < start) start = now;
  }

  function state(now: number): RateState {
    const resetSeconds = Math.max(1, Math.ceil((start + WINDOW_MS - now) / 1000));
    return { limit, remaining: Math.max(0, limit - count), resetSeconds };
  }

  return {
    take(now) {
      if (limit === 0) return { allowed: true, state: null };
      turn(now);
      const allowed = count < limit;
      if (allowed) count += 1;
      return { allowed, state: state(now) };
    },
    peek(now) {
      if (limit === 0) return null;
      turn(now);
      return state(now);
    },
  };
}

/** What a stranger is told: an untouched window, which says nothing about the account. */
export function strangersRate(limit: number): RateState | null {
  return limit === 0 ? null : { limit, remaining: limit, resetSeconds: 1 };
}
