import type { Host } from '../../due/host.ts';
import type { Log } from '../../operator/log.ts';
import { sha256Hasher } from './hasher.ts';

/** The one place of this host where the time is read and timers are set. */
export const clock = {
  now: (): number => Date.now(),
  /** Milliseconds that never go back, for what is measured and not written down. */
  monotonic: (): number => performance.now(),
  after: (ms: number, work: () => void): (() => void) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

export function clerkHost(log: Log): Host {
  return {
    now: clock.now,
    after: clock.after,
    log,
    hasher: sha256Hasher,
  };
}
