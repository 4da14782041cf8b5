import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gathered } from '../../src/objects/gathered.ts';

const KIB = 1024;

async function all(pieces: Iterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const passed: Uint8Array[] = [];
  for await (const piece of gathered(asCame(pieces))) passed.push(piece);
  return passed;
}

async function* asCame(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

describe('pieces that are gathered', () => {
  it('are the same bytes, however they came', async () => {
    const piece = fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom(16 * KIB - 1, 16 * KIB, 48 * KIB, 64 * KIB, 100 * KIB),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (sizes) => {
        const came = sizes.map((size, nth) => new Uint8Array(size).fill(nth + 1));
        expect(Buffer.concat(await all(came))).toEqual(Buffer.concat(came));
      }),
      { numRuns: 60 },
    );
  });

  it('are few when they came as many', async () => {
    const one = Uint8Array.of(1);
    expect(await all(Array.from({ length: 200 * KIB }, () => one))).toHaveLength(4);
  });

  it('are copies when they are small: whoever gave them may use their memory again', async () => {
    const buffer = Uint8Array.of(1);
    const used = function* () {
      yield buffer;
      buffer.fill(2);
      yield buffer;
    };
    expect(await all(used())).toEqual([Uint8Array.of(1, 2)]);
  });

  it('pass untouched when they are large', async () => {
    const large = new Uint8Array(64 * KIB);
    expect((await all([large, large]))[0]).toBe(large);
  });

  it('end with what their source ends with', async () => {
    const broken = function* () {
      yield Uint8Array.of(1);
      throw new Error('gone');
    };
    await expect(all(broken())).rejects.toThrow('gone');
  });
});
