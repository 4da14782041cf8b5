/** Milliseconds of processor time of the fastest of three runs: a busy machine slows one, a bad algorithm slows all. */
export function fastestOfThree(work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const since = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(since);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}
