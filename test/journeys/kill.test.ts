import { expect, it } from 'vitest';
import { holds } from '../faults/figure.ts';
import { KILL_SHORT, kill } from '../faults/kill.ts';

/** Some fifteen seconds, and what a busy machine makes of them. */
const WITHIN_MS = 120_000;

it(
  'kill -9 in the middle of sends loses none, and sends none twice outside the window of the final dot',
  async () => {
    const { figures, evidence } = await kill(KILL_SHORT);
    expect(evidence).toEqual([]);
    expect(figures.filter((figure) => !holds(figure))).toEqual([]);
    expect(figures.map(({ of }) => of).slice(0, 3)).toEqual([
      expect.toSatisfy((accepted: number) => accepted >= KILL_SHORT.lives * KILL_SHORT.acceptedFirst),
      expect.any(Number),
      expect.any(Number),
    ]);
  },
  WITHIN_MS,
);
