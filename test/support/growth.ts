/** From one size to the next. */
const STEP = 4;
/** A bad algorithm is seen where it costs milliseconds yet, and not minutes. */
const STEPS = 5;
/** Four times the input may take this many times as long. What is quadratic takes sixteen times. */
const MOST_TIMES = 8;
/** Shorter work counts as this long: below it the noise of a machine, and a collection of garbage, is larger than the work. */
const LEAST_MS = 15;
/** A busy machine slows one, a bad algorithm slows all. */
const TRIES = 3;

/**
 * Whether work takes time in proportion to its input, for an input of this size, a fourth of it, a sixteenth and so on. By processor time of this
 * thread and by ratios, so that neither a slow machine nor a busy one makes a difference.
 *
 * @throws with the figures when it does not, without going on to the larger sizes
 */
export async function expectProportional(size: number, work: (size: number) => unknown): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  for (let step = STEPS; step >= 0; step -= 1) {
    const part = Math.ceil(size / STEP ** step);
    const most = MOST_TIMES * before;
    const spent = await least(part, work, most);
    if (spent > most) throw new Error(`${part} takes ${spent} ms, a fourth of it ${before} ms`);
    before = Math.max(LEAST_MS, spent);
  }
}

/** Milliseconds of the fastest try; no other is made once one is fast enough. */
async function least(size: number, work: (size: number) => unknown, enough: number): Promise<number> {
  const times: number[] = [];
  do {
    const since = process.threadCpuUsage();
    await work(size);
    const { user, system } = process.threadCpuUsage(since);
    times.push((user + system) / 1_000);
  } while (times.length < TRIES && Math.min(...times) > enough);
  return Math.min(...times);
}
