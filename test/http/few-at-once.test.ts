import { expect, test } from 'vitest';
import { createFewAtOnce } from '../../src/http/few-at-once.ts';

test('a few at once, the others in the order in which they came, and a failure frees its place', async () => {
  const turns = createFewAtOnce({ places: 2, later: (leave) => leave() });
  const begun: number[] = [];
  const ends: ((well: boolean) => void)[] = [];
  const all = [0, 1, 2, 3, 4].map((nth) =>
    turns.run(async () => {
      begun.push(nth);
      const well = await new Promise<boolean>((resolve) => ends.push(resolve));
      if (!well) throw new Error(`no ${nth}`);
      return nth;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.(false);
  await expect(all[1]).rejects.toThrow('no 1');
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  for (const nth of [0, 2, 3, 4]) {
    ends[begun.indexOf(nth)]?.(true);
    expect(await all[nth]).toBe(nth);
  }
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  const after = await Promise.all([5, 6].map((nth) => turns.run(async () => nth)));
  expect(after).toEqual([5, 6]);
});

test('a place is free only when what came of it has been passed on', async () => {
  const left: (() => void)[] = [];
  const turns = createFewAtOnce({ places: 1, later: (leave) => left.push(leave) });
  await turns.run(async () => 'first');
  let isBegun = false;
  const second = turns.run(async () => {
    isBegun = true;
  });
  await Promise.resolve();
  expect(isBegun).toBe(false);
  left.shift()?.();
  await second;
  expect(isBegun).toBe(true);
});
