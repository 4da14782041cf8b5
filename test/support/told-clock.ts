/** A clock that is told the time. Timers run when it is told to advance past them, in their order. */
export class ToldClock {
  #now: number;
  /** Real work that no timer of ours knows about, such as hashing in the runtime's own threads. */
  isBusy: () => boolean = () => false;
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  readonly after = (ms: number, work: () => void): (() => void) => {
    const timer = { at: this.#now + ms, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Goes on by `ms`, through every timer on the way; between two of them everything that can run does run. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await this.quiet();
      const next = [...this.#timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = until;
    await this.quiet();
  }

  /** Lets whatever does not wait for one of these timers come to rest. */
  async quiet(): Promise<void> {
    do {
      for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (this.isBusy());
  }

  /** The wall clock is set; timers do not know. */
  jump(ms: number): void {
    this.#now += ms;
  }
}
