import { expect, test } from 'vitest';
import { holds } from './figure.ts';
import { SIGTERM_SHORT, sigterm } from './sigterm.ts';

/** Some twenty seconds, and what a busy machine makes of them. */
const WITHIN_MS = 120_000;

test(
  'SIGTERM with mail on its way loses none, sends none twice but where the dot was not answered, and ends in 10 s',
  async () => {
    const { figures, facts, evidence } = await sigterm(SIGTERM_SHORT);
    expect(evidence).toEqual([]);
    expect(figures.filter((figure) => !holds(figure))).toEqual([]);
    // The one dot that got no answer.
    expect(facts['sent a second time at the dot']).toBe(1);
  },
  WITHIN_MS,
);
