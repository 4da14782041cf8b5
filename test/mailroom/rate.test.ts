import { describe, expect, test } from 'vitest';
import { openRateWindow } from '../../src/mailroom/rate.ts';
import { HOUR, START } from '../contracts/mailroom/house.ts';

function taken(window: ReturnType<typeof openRateWindow>, now: number, times: number): number {
  let allowed = 0;
  for (let time = 0; time < times; time++) if (window.take(now).allowed) allowed += 1;
  return allowed;
}

describe('the rate window', () => {
  test('lets through the limit in each second and no more', () => {
    const window = openRateWindow(10);
    const allowed = [0, 250, 999, 1000, 1999, 2000].map((offset) => taken(window, START + offset, 8));
    expect(allowed).toEqual([8, 2, 0, 8, 2, 8]);
  });

  test('says what is left and when the window ends, without counting those it turns away', () => {
    const window = openRateWindow(2);
    expect(window.take(START).state).toEqual({ limit: 2, remaining: 1, resetSeconds: 1 });
    window.take(START);
    expect(window.take(START + 500)).toEqual({
      allowed: false,
      state: { limit: 2, remaining: 0, resetSeconds: 1 },
    });
    expect(window.peek(START + 999)).toEqual({ limit: 2, remaining: 0, resetSeconds: 1 });
    expect(window.peek(START + 1000)).toEqual({ limit: 2, remaining: 2, resetSeconds: 1 });
  });

  test('a clock that is set back opens no free window, and does not close the door for as long', () => {
    const window = openRateWindow(3);
    expect(taken(window, START, 5)).toBe(3);
    expect(taken(window, START - HOUR, 5)).toBe(0);
    expect(taken(window, START - HOUR + 1000, 5)).toBe(3);
  });

  test('a clock that jitters around a second gives nothing away', () => {
    const window = openRateWindow(3);
    let allowed = 0;
    for (let time = 0; time < 10; time++) allowed += taken(window, START + (time % 2) * -1, 3);
    expect(allowed).toBe(3);
  });

  test('limit 0 means no limit and no state', () => {
    const window = openRateWindow(0);
    expect(window.take(START)).toEqual({ allowed: true, state: null });
    expect(window.peek(START)).toBeNull();
  });
});
