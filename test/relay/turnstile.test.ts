import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { available, fullBucket, take, waitForOne } from '../../src/relay/rate.ts';
import { createTurnstile } from '../../src/relay/turnstile.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { holds } from './support.ts';

const never = new AbortController().signal;

describe('A token bucket', () => {
  it('over any stretch of time gives at most one burst more than the rate', () => {
    const rates = fc.constantFrom(0.5, 1, 3, 7, 100);
    holds(
      fc.property(rates, fc.array(fc.nat(2_000), { minLength: 1, maxLength: 100 }), (rate, steps) => {
        let bucket = fullBucket(rate, 0);
        let now = 0;
        let taken = 0;
        for (const step of steps) {
          now += step;
          const count = available(bucket, rate, now);
          bucket = take(bucket, { count, rate, now });
          taken += count;
        }
        expect(taken).toBeLessThanOrEqual(Math.max(rate, 1) + (now * rate) / 1000 + 1e-6);
      }),
      300,
    );
  });

  it('says how long one takes to come, and then it is there', () => {
    holds(
      fc.property(fc.constantFrom(0.1, 1, 3, 7, 333), fc.nat(50), (rate, debt) => {
        const bucket = take(fullBucket(rate, 0), { count: debt, rate, now: 0 });
        const wait = waitForOne(bucket, rate, 0);
        expect(available(bucket, rate, wait)).toBeGreaterThanOrEqual(1);
        if (wait > 1) expect(available(bucket, rate, wait - 1)).toBe(0);
      }),
      300,
    );
  });

  it('is neither filled nor emptied by a clock that is set back', () => {
    const bucket = take(fullBucket(2, 10_000), { count: 2, rate: 2, now: 10_000 });
    expect(available(bucket, 2, 0)).toBe(0);
    expect(available(take(bucket, { count: 0, rate: 2, now: 0 }), 2, 10_000)).toBe(0);
  });
});

describe('A turnstile', () => {
  it('lets in first who came first', async () => {
    const turnstile = createTurnstile({ slots: 1, rate: null, clock: createManualClock() });
    const order: number[] = [];
    const visits = [0, 1, 2, 3].map(async (number) => {
      const place = await turnstile.enter({ signal: never, patienceMs: 1_000 });
      order.push(number);
      place?.leave();
    });
    await Promise.all(visits);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('forgets who gave up, and the next takes the place', async () => {
    const clock = createManualClock();
    const turnstile = createTurnstile({ slots: 1, rate: null, clock });
    const place = await turnstile.enter({ signal: never, patienceMs: 1_000 });
    const stop = new AbortController();
    const aborted = turnstile.enter({ signal: stop.signal, patienceMs: 1_000 });
    const impatient = turnstile.enter({ signal: never, patienceMs: 10 });
    const patient = turnstile.enter({ signal: never, patienceMs: 1_000 });
    stop.abort();
    clock.advance(10);
    expect(await aborted).toBeNull();
    expect(await impatient).toBeNull();
    place?.leave();
    expect(await patient).not.toBeNull();
    expect(clock.pending).toBe(0);
  });

  it('a place that is handed over goes to the one who waits longest, and is left once', async () => {
    const turnstile = createTurnstile({ slots: 1, rate: null, clock: createManualClock() });
    const enter = () => turnstile.enter({ signal: never, patienceMs: 1_000 });
    const place = await enter();
    expect(place?.handOver()).toBe(false);
    const order: string[] = [];
    const longest = enter().then((one) => {
      order.push('longest');
      return one;
    });
    const next = enter().then(() => order.push('next'));
    expect(place?.handOver()).toBe(true);
    expect(place?.handOver()).toBe(false);
    place?.leave();
    const other = await longest;
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['longest']);
    other?.leave();
    await next;
    expect(order).toEqual(['longest', 'next']);
  });

  it('a place is kept by whoever would hand it over to one that waits for the rate', async () => {
    const clock = createManualClock();
    const turnstile = createTurnstile({ slots: 2, rate: 1, clock });
    const enter = () => turnstile.enter({ signal: never, patienceMs: 5_000 });
    const place = await enter();
    const second = enter();
    expect(place?.handOver()).toBe(false);
    clock.advance(1_000);
    await second;
    const third = enter();
    expect(place?.handOver()).toBe(false);
    place?.leave();
    clock.advance(1_000);
    expect(await third).not.toBeNull();
    const fourth = enter();
    (await second)?.leave();
    clock.advance(1_000);
    expect(await fourth).not.toBeNull();
  });

  it('keeps no appointment when nobody waits', async () => {
    const clock = createManualClock();
    const turnstile = createTurnstile({ slots: 5, rate: 1, clock });
    await turnstile.enter({ signal: never, patienceMs: 1_000 });
    const stop = new AbortController();
    const waiting = turnstile.enter({ signal: stop.signal, patienceMs: 5_000 });
    expect(clock.pending).toBe(2);
    stop.abort();
    expect(await waiting).toBeNull();
    expect(clock.pending).toBe(0);
  });

  it('who is aborted already does not come in', async () => {
    const turnstile = createTurnstile({ slots: 1, rate: null, clock: createManualClock() });
    expect(await turnstile.enter({ signal: AbortSignal.abort(), patienceMs: 1 })).toBeNull();
  });
});
