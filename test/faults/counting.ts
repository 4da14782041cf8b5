import { constants, setPriority } from 'node:os';

/** A program that does nothing but count, for as many milliseconds as it is told, behind whoever wants a processor. */
function count(forMs: number): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const until = performance.now() + forMs;
  while (performance.now() < until);
}

count(Number(process.argv[2]));
