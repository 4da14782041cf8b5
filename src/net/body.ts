import { BrokenBody, type EgressFailure } from './egress.ts';

/**
 * A stranger's bytes, counted while they come: never more than `maxBytes` of them, and the connection is closed after the
 * last one, in whatever way that is.
 */
export async function* boundedBody(
  source: AsyncIterable<Uint8Array>,
  call: {
    readonly maxBytes: number;
    readonly overflow: 'cut' | 'refuse';
    /** What to call it when the source ends early. */
    readonly failure: () => EgressFailure;
    readonly end: () => void;
  },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { maxBytes, overflow } = call;
  let left = maxBytes;
  try {
    for await (const piece of named(source, call.failure)) {
      if (piece.length > left && overflow === 'refuse')
        throw new BrokenBody({ kind: 'too_large', limit: maxBytes });
      const taken = piece.subarray(0, left);
      left -= taken.length;
      yield taken;
      if (left === 0 && overflow === 'cut') return;
    }
  } finally {
    call.end();
  }
}

/** Whatever a host throws in the middle of a body has one name here. */
async function* named(
  source: AsyncIterable<Uint8Array>,
  failure: () => EgressFailure,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch {
    throw new BrokenBody(failure());
  }
}
