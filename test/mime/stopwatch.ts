/** Milliseconds of the fastest of three runs: a busy machine slows one, a bad algorithm slows all. */
export function fastestOfThree(work: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}
