import { describe, expect, test } from 'vitest';
import { type Books, balance, type Kept, numbered, numberOf } from '../support/ledger.ts';
import type { Arrival } from '../support/sink.ts';

const ACCEPTED = new Map([[1, 'id-1']]);
const SENT: Kept = { id: 'id-1', number: 1, state: 'sent', maybeDuplicate: false };
const MARKED: Kept = { ...SENT, maybeDuplicate: true };
const ARRIVAL: Arrival = {
  messageId: '<1@example.com>',
  recipients: ['r1@example.org'],
  text: 'Subject: Number 1\r\n\r\nIt works.\r\n',
  dotAt: 100,
  repliedAt: 110,
  endedAt: 5_000,
};
const BROKEN: Arrival = { ...ARRIVAL, endedAt: 200 };

function compare(books: Partial<Books>) {
  const whole: Books = {
    accepted: ACCEPTED,
    arrivals: [ARRIVAL],
    kept: [SENT],
    mayRepeat: ({ repliedAt, endedAt }) => repliedAt === null || endedAt === BROKEN.endedAt,
    ...books,
  };
  return balance(whole);
}

const GOOD = {
  accepted: 1,
  arrived: 1,
  lost: [],
  unfinished: [],
  unknown: 0,
  unknownArrived: 0,
  inside: [],
  slowestRecording: 0,
  outside: [],
  unmarked: [],
};

describe('the books', () => {
  test('agree when what was accepted has arrived once', () => {
    expect(compare({})).toEqual(GOOD);
  });

  test.each<[string, Partial<Books>, Partial<typeof GOOD> | object]>([
    ['accepted, called sent, never seen', { arrivals: [] }, { arrived: 0, lost: [1] }],
    ['accepted, arrived and forgotten', { kept: [] }, { lost: [1] }],
    ['accepted and not kept', { arrivals: [], kept: [] }, { arrived: 0, lost: [1] }],
    ['kept under another id', { arrivals: [], kept: [{ ...SENT, id: 'id-2' }] }, { arrived: 0, lost: [1] }],
    [
      'failed for another reason',
      { arrivals: [], kept: [{ ...SENT, state: 'failed' }] },
      { arrived: 0, lost: [1] },
    ],
    [
      'reported as unknown',
      { arrivals: [], kept: [{ ...SENT, state: 'unknown' }] },
      { arrived: 0, unknown: 1 },
    ],
    [
      'reported as unknown, and arrived',
      { kept: [{ ...SENT, state: 'unknown' }] },
      { unknown: 1, unknownArrived: 1 },
    ],
    ['not at its end', { kept: [{ ...SENT, state: 'unfinished' }] }, { unfinished: [1] }],
    ['never answered, and arrived', { accepted: new Map() }, { accepted: 0 }],
    ['kept twice', { kept: [SENT, { ...SENT, id: 'id-2' }] }, { outside: [1] }],
  ])('a mail that is %s', (_, books, expected) => {
    expect(compare(books)).toEqual({ ...GOOD, ...expected });
  });

  test.each<[string, Partial<Books>, object]>([
    [
      'when its connection ended behind the reply',
      { arrivals: [BROKEN, ARRIVAL] },
      { inside: [1], slowestRecording: 90 },
    ],
    [
      'when it never got a reply',
      { arrivals: [{ ...ARRIVAL, repliedAt: null, endedAt: null }, ARRIVAL] },
      { inside: [1] },
    ],
    ['not when the reply was long ago', { arrivals: [ARRIVAL, ARRIVAL] }, { outside: [1] }],
    [
      'not when it may never be sent again',
      { arrivals: [BROKEN, ARRIVAL], mayRepeat: () => false },
      { outside: [1] },
    ],
    ['not a third time', { arrivals: [BROKEN, BROKEN, ARRIVAL] }, { arrived: 3, outside: [1] }],
  ])('a second copy was allowed %s', (_, books, expected) => {
    expect(compare({ kept: [MARKED], ...books })).toEqual({ ...GOOD, arrived: 2, ...expected });
  });

  test('a second copy must be marked, and the same bytes', () => {
    expect(compare({ arrivals: [BROKEN, ARRIVAL], kept: [SENT] }).unmarked).toEqual([1]);
    const other = { ...ARRIVAL, text: `${ARRIVAL.text}And more.\r\n` };
    expect(compare({ arrivals: [BROKEN, other], kept: [MARKED] }).unmarked).toEqual([1]);
  });

  test('know a mail by its number', () => {
    const { subject } = JSON.parse(numbered(4_711));
    expect(numberOf({ text: `From: x\r\nSubject: ${subject}\r\nTo: y\r\n\r\nHi\r\n` })).toBe(4_711);
  });
});
