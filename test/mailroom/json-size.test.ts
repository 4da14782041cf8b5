import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonSize } from '../../src/mailroom/json-size.ts';

function printedSize(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** Any UTF-16, halves of pairs and control characters too, often enough of what is escaped. */
const text = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(0x22, 0x5c, 0x0a, 0x08, 0x7f, 0xd83d, 0xde00),
    ),
  )
  .map((units) => String.fromCharCode(...units));

const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.double(),
    fc.integer(),
    fc.constantFrom(true, false, null),
    fc.array(tie('json')),
    fc.dictionary(text, fc.oneof(tie('json'), fc.constant(undefined))),
  ),
}));

describe('the size of what would be printed', () => {
  test('is that of what is printed', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonSize(value)).toBe(printedSize(value));
      }),
      { numRuns: 500 },
    );
  });

  test('and with a limit it is on the same side of it', () => {
    fc.assert(
      fc.property(json, fc.nat({ max: 300 }), (value, limit) => {
        const [size, all] = [jsonSize(value, limit), printedSize(value)];
        expect(size > limit).toBe(all > limit);
        if (all <= limit) expect(size).toBe(all);
      }),
      { numRuns: 500 },
    );
  });

  test('half of a pair, and a pair', () => {
    expect([jsonSize('\u{1f600}'), jsonSize('\ud83d'), jsonSize('\ude00\ud83d')]).toEqual([6, 8, 14]);
  });
});
