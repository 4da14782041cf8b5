/** Lets a few pieces of work go on at once; the others wait, in the order in which they came. */
export interface FewAtOnce {
  run<Done>(work: () => Promise<Done>): Promise<Done>;
}

/** @param later called at the end of each work: when what came of it has been passed on, its place is free */
export function createFewAtOnce({
  places,
  later,
}: {
  readonly places: number;
  readonly later: (leave: () => void) => void;
}): FewAtOnce {
  const waiting: (() => void)[] = [];
  let free = places;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        later(leave);
      }
    },
  };
}
