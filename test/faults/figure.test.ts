import { describe, expect, test } from 'vitest';
import { holds, upperBound } from './figure.ts';

const figure = { figure: 'lost', unit: 'mails', seen: 0, of: 1_000, atMost: 0 };

describe('a figure', () => {
  test('holds when no more was seen than is still good', () => {
    expect(holds(figure)).toBe(true);
    expect(holds({ ...figure, seen: 1 })).toBe(false);
    expect(holds({ ...figure, seen: 50, atMost: 0.05 })).toBe(true);
    expect(holds({ ...figure, seen: 51, atMost: 0.05 })).toBe(false);
  });

  test('does not hold when there was nothing to be counted', () => {
    expect(holds({ ...figure, of: 0 })).toBe(false);
    expect(upperBound({ seen: 0, of: 0 })).toBe(1);
  });

  test.each([
    // The upper limits of Poisson's law at 95 %, one-sided, as tables of it have them.
    [0, 2.996],
    [1, 4.744],
    [2, 6.296],
    [10, 16.962],
    [100, 118.079],
  ])('of %i seen is bounded by %f expected', (seen, expected) => {
    expect(upperBound({ seen, of: 100_000 }) * 100_000).toBeCloseTo(expected, 2);
  });

  test('is bounded where so many were seen that single probabilities are nothing', () => {
    expect(upperBound({ seen: 2_000, of: 10_000 })).toBeCloseTo(0.2075, 3);
  });
});
