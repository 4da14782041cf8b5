import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTIFY_DELAYS_MS, notifyStep, stillFailing } from '../../src/mailroom/notify-step.ts';
import type { DeliveryAnswer } from '../../src/mailroom/webhook-records.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../contracts/mailroom/house.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const fresh = { status: 'pending', attempts: 0 } as const;

function answered(status: number, retryAfterMs: number | null = null): DeliveryAnswer {
  return { kind: 'answered', status, response: '', retryAfterMs };
}

const SILENCE: DeliveryAnswer = { kind: 'broken', status: 0, response: '' };

function step(answer: DeliveryAnswer, { attempts = 0, random = 0 } = {}) {
  const status = attempts === 0 ? 'pending' : 'attempting';
  return notifyStep({ answer, before: { status, attempts }, now: NOW, random });
}

describe('what follows a call', () => {
  test.each([
    [1, 5 * SECOND],
    [2, 5 * MINUTE],
    [3, 30 * MINUTE],
    [4, 2 * HOUR],
    [5, 5 * HOUR],
    [6, 10 * HOUR],
    [7, 10 * HOUR],
    [8, null],
  ])('after failure %i the next try comes after %s ms, and up to a tenth later', (failure, delay) => {
    const attempts = failure - 1;
    const due = (random: number): number | null => step(SILENCE, { attempts, random }).dueAt;
    if (delay === null) {
      expect(step(SILENCE, { attempts })).toEqual({
        status: 'failed',
        attempts: 8,
        dueAt: null,
        webhook: 'failed',
      });
      return;
    }
    expect([due(0), due(0.5), due(1)]).toEqual([NOW + delay, NOW + delay * 1.05, NOW + delay * 1.1]);
    expect(step(SILENCE, { attempts })).toMatchObject({ status: 'attempting', attempts: failure });
  });

  test('all eight tries take 27 h 35 min 5 s', () => {
    expect(NOTIFY_DELAYS_MS.reduce((sum, delay) => sum + delay, 0)).toBe(
      27 * HOUR + 35 * MINUTE + 5 * SECOND,
    );
  });

  test.each([200, 201, 202, 204, 299])('%i is a success', (status) => {
    expect(step(answered(status))).toEqual({ status: 'success', attempts: 1, dueAt: null, webhook: 'well' });
  });

  test.each([199, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 429, 500, 501, 502, 503, 504, 599])(
    '%i is a failure like any other, and is tried again',
    (status) => {
      expect(step(answered(status))).toEqual({
        status: 'attempting',
        attempts: 1,
        dueAt: NOW + 5 * SECOND,
        webhook: 'failed',
      });
    },
  );

  test('no answer, or half of one with a 200 above it, is a failure', () => {
    for (const status of [0, 200]) {
      expect(step({ kind: 'broken', status, response: '' })).toMatchObject({
        status: 'attempting',
        webhook: 'failed',
      });
    }
  });

  test('410 is the end, of this event and of the webhook', () => {
    expect(step(answered(410))).toEqual({ status: 'failed', attempts: 1, dueAt: null, webhook: 'gone' });
  });

  test.each([429, 502, 503, 504])(
    'with %i the later of schedule and Retry-After counts, 10 h at most',
    (status) => {
      expect(step(answered(status, MINUTE)).dueAt).toBe(NOW + MINUTE);
      expect(step(answered(status, SECOND)).dueAt).toBe(NOW + 5 * SECOND);
      expect(step(answered(status, 365 * DAY)).dueAt).toBe(NOW + 10 * HOUR);
      expect(step(answered(status, MINUTE), { attempts: 7 })).toMatchObject({
        status: 'failed',
        dueAt: null,
      });
    },
  );

  test.each([200, 301, 400, 500])('with %i a Retry-After is not heard', (status) => {
    expect(step(answered(status, HOUR)).dueAt).toBe(status === 200 ? null : NOW + 5 * SECOND);
  });

  test('a call that was withdrawn is due again now and has not been', () => {
    for (const before of [fresh, { status: 'attempting', attempts: 3 } as const]) {
      expect(notifyStep({ answer: { kind: 'withdrawn' }, before, now: NOW, random: 0 })).toEqual({
        ...before,
        dueAt: NOW,
        webhook: 'silent',
      });
    }
  });

  test('whatever happens, an unfinished delivery has a due time and a finished one has none', () => {
    const answers = fc.oneof(
      fc.constant<DeliveryAnswer>({ kind: 'withdrawn' }),
      fc.record({ kind: fc.constant('broken' as const), status: fc.nat(599), response: fc.string() }),
      fc.record({
        kind: fc.constant('answered' as const),
        status: fc.nat(599),
        response: fc.string(),
        retryAfterMs: fc.option(fc.nat()),
      }),
    );
    fc.assert(
      fc.property(
        answers,
        fc.nat(7),
        fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
        (answer, attempts, random) => {
          const next = step(answer, { attempts, random });
          const isOver = next.status === 'success' || next.status === 'failed';
          expect(next.dueAt === null).toBe(isOver);
          expect(next.attempts).toBeLessThanOrEqual(8);
          if (next.dueAt !== null) expect(next.dueAt - NOW).toBeLessThanOrEqual(11 * HOUR);
        },
      ),
    );
  });
});

describe('how long a webhook has been failing', () => {
  test.each([
    ['for the first time', { failingSince: null, failedAt: null }, NOW, false],
    ['a day later', { failingSince: NOW - DAY, failedAt: NOW - HOUR }, NOW - DAY, false],
    [
      'a moment before five days',
      { failingSince: NOW - 5 * DAY + 1, failedAt: NOW - HOUR },
      NOW - 5 * DAY + 1,
      false,
    ],
    ['after five days', { failingSince: NOW - 5 * DAY, failedAt: NOW - HOUR }, NOW - 5 * DAY, true],
    ['after a silence of five days', { failingSince: NOW - 9 * DAY, failedAt: NOW - 5 * DAY }, NOW, false],
    ['when the clock was set back', { failingSince: NOW + HOUR, failedAt: NOW + HOUR }, NOW + HOUR, false],
  ])('%s', (_, standing, since, isTooLong) => {
    expect(stillFailing(standing, NOW)).toEqual({ since, isTooLong });
  });
});
