import { describe, expect, test } from 'vitest';
import { MAX_AHEAD_MS, readSchedule } from '../../src/http/schedule.ts';

/** A Friday; the United States are on standard time until March 8, 2026. */
const NOW = Date.UTC(2026, 1, 20, 14, 0, 0, 123);

function read(text: string, now = NOW): string {
  const schedule = readSchedule(text, now);
  return schedule.kind === 'at' ? new Date(schedule.at).toISOString() : schedule.kind;
}

describe('a moment as ISO 8601', () => {
  test.each([
    ['2026-02-22T23:41:12.126Z', '2026-02-22T23:41:12.126Z'],
    ['2026-02-22T23:41:12Z', '2026-02-22T23:41:12.000Z'],
    ['2026-02-22T23:41Z', '2026-02-22T23:41:00.000Z'],
    ['2026-02-22 23:41:12', '2026-02-22T23:41:12.000Z'],
    ['2026-02-22T23:41:12.126', '2026-02-22T23:41:12.126Z'],
    ['2026-02-22T23:41:12.1267891+00:00', '2026-02-22T23:41:12.126Z'],
    ['2026-02-22T23:41:12+09:00', '2026-02-22T14:41:12.000Z'],
    ['2026-02-22T23:41:12-0530', '2026-02-23T05:11:12.000Z'],
    ['2026-02-22T23:41:12+02', '2026-02-22T21:41:12.000Z'],
    ['  2026-02-22  ', '2026-02-22T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe('a moment in English', () => {
  test.each([
    ['in 1 min', '2026-02-20T14:01:00.123Z'],
    ['in 1 hour', '2026-02-20T15:00:00.123Z'],
    ['in 3 days', '2026-02-23T14:00:00.123Z'],
    ['in 30 days', '2026-03-22T14:00:00.123Z'],
    ['today at 17:30', '2026-02-20T17:30:00.000Z'],
    ['tomorrow at 9am', '2026-02-21T09:00:00.000Z'],
    ['Tomorrow at 9am UTC', '2026-02-21T09:00:00.000Z'],
    ['Friday at 3pm', '2026-02-20T15:00:00.000Z'],
    ['Friday at 1pm', '2026-02-27T13:00:00.000Z'],
    ['friday at 2pm', '2026-02-27T14:00:00.000Z'],
    ['Friday at 3pm ET', '2026-02-20T20:00:00.000Z'],
    ['Friday at 9am ET', '2026-02-27T14:00:00.000Z'],
    ['Friday at 10am ET', '2026-02-20T15:00:00.000Z'],
    ['Monday at 3pm CT', '2026-02-23T21:00:00.000Z'],
    ['Monday at 3pm MT', '2026-02-23T22:00:00.000Z'],
    ['Monday at 3pm PT', '2026-02-23T23:00:00.000Z'],
    ['Monday at 3pm pdt', '2026-02-23T22:00:00.000Z'],
    ['Monday at 3pm PST', '2026-02-23T23:00:00.000Z'],
    ['March 7 at 3pm ET', '2026-03-07T20:00:00.000Z'],
    ['March 9 at 3pm ET', '2026-03-09T19:00:00.000Z'],
    ['March 9 at 3pm EST', '2026-03-09T20:00:00.000Z'],
    ['tomorrow at 9am +09:00', '2026-02-21T00:00:00.000Z'],
    ['tomorrow at 9am -0530', '2026-02-21T14:30:00.000Z'],
    ['tomorrow at 9am GMT+2', '2026-02-21T07:00:00.000Z'],
    ['tomorrow at 9am UTC-05:00', '2026-02-21T14:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test('the wall of the zone decides which day today is', () => {
    // 03:00 UTC on Saturday is still Friday evening in New York.
    expect(read('today at 11pm ET', Date.UTC(2026, 1, 21, 3))).toBe('2026-02-21T04:00:00.000Z');
  });
});

test.each([['yesterday at 9am'], ['2020-01-01T00:00:00Z'], ['1 hour ago'], ['today at 9am'], ['now']])(
  '%s is past and means now',
  (text) => {
    expect(read(text)).toBe(new Date(NOW).toISOString());
  },
);

test('30 days ahead are accepted and one millisecond more is not', () => {
  expect(read(new Date(NOW + MAX_AHEAD_MS).toISOString())).toBe(new Date(NOW + MAX_AHEAD_MS).toISOString());
  expect(read(new Date(NOW + MAX_AHEAD_MS + 1).toISOString())).toBe('too_far');
  expect(read('in 31 days')).toBe('too_far');
  expect(read('2030-01-01')).toBe('too_far');
});

test.each([
  [''],
  ['   '],
  ['soon'],
  ['10'],
  ['2026-02-30T00:00:00Z'],
  ['2026-13-01T00:00:00Z'],
  ['2026-02-22T24:01:00Z'],
  ['2026-02-22T23:41:12+15:00'],
  ['2026-02-22T23:41:12Q'],
  ['1767225600'],
  ['Friday at 25:00'],
  ['in 1 min in 2 min'],
  ['today at 17:30 or tomorrow'],
  ['Friday 3pm - 5pm'],
  ['Friday at 3pm XT'],
  ['Friday at 3pm ET ET'],
  ['Friday at 3pm CET'],
  ['please send it in 1 hour'],
  ['in 1 hour\r\nX-Injected: 1'],
])('%j is no moment', (text) => {
  expect(read(text)).toBe('unreadable');
});

test('text too long to be a moment is not given to the parser', () => {
  expect(read('in '.repeat(100_000))).toBe('unreadable');
  expect(read(`in 1 ${'0'.repeat(100_000)} days`)).toBe('unreadable');
});
