import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** How many cases one test has tried, when it is more than one. */
    cases?: number;
  }
}

/** Says how many cases this test tries, for `npm run faults`, which counts them. */
export function countCases({ task }: Pick<TestContext, 'task'>, cases: number): void {
  task.meta.cases = cases;
}

/** Set when `npm run faults` asks for as many cases as the figure needs. */
export const LONG_VARIABLE = 'MANY_CASES';

/** How many cases to generate: few in `npm test`, many for a figure. */
export function casesFor({ usual, many }: { readonly usual: number; readonly many: number }): number {
  return process.env[LONG_VARIABLE] === undefined ? usual : many;
}
