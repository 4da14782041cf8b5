import { expect, test } from 'vitest';
import { readDuration } from '../../src/http/duration.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ['10m', 10 * MINUTE],
  ['2 hours', 2 * HOUR],
  ['1h 30m', 1.5 * HOUR],
  ['1h30m', 1.5 * HOUR],
  ['1 day', DAY],
  ['48h', 2 * DAY],
  ['90 Days', 90 * DAY],
  ['1 day 2 hrs 3 minutes 4 secs', DAY + 2 * HOUR + 3 * MINUTE + 4000],
  [' 5 min ', 5 * MINUTE],
  ['30s', 30_000],
])('%j is %d ms', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});

test.each([
  '',
  ' ',
  '10',
  'm',
  '0m',
  '-1h',
  '1.5h',
  '1w',
  '30m 1h',
  '1h 1h',
  'an hour',
  '1e3s',
  '999999s',
  'd',
])('%j is no duration', (text) => {
  expect(readDuration(text)).toBeNull();
});

test('a long text costs nothing', () => {
  expect(readDuration('1 '.repeat(100_000))).toBeNull();
});
