import { expect, it } from 'vitest';
import { slices } from '../../src/objects/slices.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

it.each([
  [0, []],
  [1, [1]],
  [7, [7]],
  [8, [7, 1]],
  [21, [7, 7, 7]],
  [300, [...Array.from({ length: 42 }, () => 7), 6]],
])('%i bytes are cut into pieces of 7, whatever pieces they come in', async (length, expected) => {
  const bytes = Uint8Array.from({ length }, (_, place) => place);
  for (const size of [1, 3, 7, 20, 1000]) {
    const cut: number[][] = [];
    for await (const piece of slices(inPieces(bytes, size), 7)) cut.push([...piece]);
    expect(cut.map((piece) => piece.length)).toEqual(expected);
    expect(cut.flat()).toEqual([...bytes]);
  }
});

it('all pieces of a body share one buffer', async () => {
  const buffers = new Set<ArrayBufferLike>();
  for await (const piece of slices(inPieces(new Uint8Array(100_000), 1000), 10_000))
    buffers.add(piece.buffer);
  expect(buffers.size).toBe(1);
});
