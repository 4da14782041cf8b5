import { readFile } from 'node:fs/promises';
import { describe, expect, it, test } from 'vitest';
import { PAGE } from '../../bench/document.ts';
import { isMet, median, rounded, told } from '../../bench/report.ts';
import { interleaved } from '../../bench/rounds.ts';

it('docs/performance.md is what `npm run bench -- --document` prints', async () => {
  expect(await readFile(PAGE.path, 'utf8')).toBe(await PAGE.text());
});

describe('A figure', () => {
  test.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[10, 9], 9.5],
  ])('of %j is the median %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test.each([
    [1234.5, 1230],
    [0.04567, 0.0457],
    [2, 2],
  ])('%d is told as %d', (value, expected) => {
    expect([rounded(value), told(value)]).toEqual([expected, expected]);
  });

  it('that was not measured is told as none, and meets no target', () => {
    expect([told(Number.NaN), told(undefined)]).toEqual([null, null]);
    expect(isMet({ target: 'x', is: Number.NaN, atMost: 1 })).toBe(false);
    expect(isMet({ target: 'x', is: Number.NaN, atLeast: 1 })).toBe(false);
  });

  test.each([
    [{ atLeast: 2 }, 2, true],
    [{ atLeast: 2 }, 1.99, false],
    [{ atMost: 2 }, 2, true],
    [{ atMost: 2 }, 2.01, false],
  ])('with the bound %j: %d is met: %s', (bound, is, expected) => {
    expect(isMet({ target: 'x', is, ...bound })).toBe(expected);
  });
});

describe('Rounds', () => {
  it('run every contestant in each, beginning with another one; the first is not counted, nor one that cannot run', async () => {
    const order: string[] = [];
    const measure = (name: string, values: readonly number[]) => async (round: number) => {
      order.push(`${name}${round}`);
      return { value: values[round] ?? Number.MAX_VALUE };
    };
    const medians = await interleaved(3, {
      a: measure('a', [1, 5, 3]),
      b: measure('b', [9, 7, 8]),
      none: async () => null,
    });
    expect(order).toEqual(['a-1', 'b-1', 'a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
    expect(medians).toEqual({ a: { value: 3 }, b: { value: 8 } });
  });
});
