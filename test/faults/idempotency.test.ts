import { expect, test } from 'vitest';
import { holds } from './figure.ts';
import { IDEMPOTENCY_SHORT, idempotency } from './idempotency.ts';

/** Some ten seconds, and what a busy machine makes of them. */
const WITHIN_MS = 120_000;

test(
  'fifty equal requests at once, a kill in their middle, and all of them again: one send and one answer for each key',
  async () => {
    const { figures, facts, evidence } = await idempotency(IDEMPOTENCY_SHORT);
    expect(evidence).toEqual([]);
    expect(figures.filter((figure) => !holds(figure))).toEqual([]);
    expect(facts['answers "still running"']).toBeGreaterThan(0);
  },
  WITHIN_MS,
);
