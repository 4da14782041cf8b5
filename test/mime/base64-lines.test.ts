import fc from 'fast-check';
import { expect, it } from 'vitest';
import { base64Lines, base64Size } from '../../src/mime/base64-lines.ts';

async function* cutAt(bytes: Uint8Array, sizes: readonly number[]): AsyncIterable<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function encoded(bytes: Uint8Array, sizes: readonly number[] = []): Promise<string> {
  let text = '';
  for await (const piece of base64Lines(cutAt(bytes, sizes))) text += Buffer.from(piece).toString('latin1');
  return text;
}

const inLines = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('base64')
    .replace(/.{1,76}/g, '$&\r\n');

it('in whatever pieces bytes come, they are the same lines of 76, and as many as was said before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 1_000 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 12 }),
      async (bytes, sizes) => {
        const text = await encoded(bytes, sizes);
        expect(text).toBe(inLines(bytes));
        expect(text).toHaveLength(base64Size(bytes.length));
      },
    ),
    { numRuns: 500 },
  );
});

it.each([0, 1, 2, 3, 55, 56, 57, 58, 113, 114, 115])('%i bytes', async (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => 255 - i);
  expect(await encoded(bytes)).toBe(inLines(bytes));
  expect(base64Size(length)).toBe(inLines(bytes).length);
});

it('every pair of characters of the alphabet comes out right', async () => {
  const bytes = Uint8Array.from({ length: 4096 * 3 }, (_, i) => {
    const word = ((Math.floor(i / 3) << 12) | (4095 - Math.floor(i / 3))) >>> 0;
    return (word >> (8 * (2 - (i % 3)))) & 0xff;
  });
  expect(await encoded(bytes, [1000, 57, 1])).toBe(inLines(bytes));
});

it('never more than a line is held back: what has been read is on its way', async () => {
  let read = 0;
  async function* pieces(): AsyncIterable<Uint8Array> {
    for (let i = 0; i < 20; i++) {
      read += 1_000;
      yield new Uint8Array(1_000);
    }
  }
  let written = 0;
  for await (const piece of base64Lines(pieces())) {
    written += piece.length;
    expect((written / 78) * 57).toBeGreaterThan(read - 57);
  }
});
