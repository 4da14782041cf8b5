/** Waits shorter than this are pauses between two tries; longer ones are deadlines. */
const PAUSE_MS = 5_000;

export interface Patience {
  readonly after: (ms: number, work: () => void) => () => void;
  /** Pauses that were made, in milliseconds. */
  readonly pauses: readonly number[];
  /** All deadlines that run pass now. */
  expire(): void;
  /** Deadlines that run. */
  running(): number;
}

/** Timers for tests: pauses are over at once, deadlines pass when the test says so. */
export function patience(): Patience {
  const deadlines = new Set<() => void>();
  const pauses: number[] = [];
  return {
    after(ms, work) {
      if (ms < PAUSE_MS) {
        pauses.push(ms);
        const soon = setImmediate(work);
        return () => clearImmediate(soon);
      }
      deadlines.add(work);
      return () => deadlines.delete(work);
    },
    pauses,
    expire() {
      const passed = [...deadlines];
      deadlines.clear();
      for (const work of passed) work();
    },
    running: () => deadlines.size,
  };
}
