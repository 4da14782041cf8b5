import { expect, test } from 'vitest';
import { holds } from './figure.ts';
import { WEBHOOKS_SHORT, webhooks } from './webhooks.ts';

/** Some twenty seconds, and what a busy machine makes of them. */
const WITHIN_MS = 120_000;

test(
  'receivers that fail and a sender that is killed: every event arrives, under one id, signed, and seldom twice',
  async () => {
    const { figures, facts, evidence } = await webhooks(WEBHOOKS_SHORT);
    expect(evidence).toEqual([]);
    expect(figures.filter((figure) => !holds(figure))).toEqual([]);
    // It was no fair weather.
    for (const kind of ['error', 'reset', 'hang', 'drip']) {
      expect(facts[`calls failed by ${kind}`]).toBeGreaterThan(0);
    }
  },
  WITHIN_MS,
);
