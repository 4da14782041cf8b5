import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WrongBytes } from '../../src/objects/store.ts';
import { verified } from '../../src/objects/verified.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';

const metaOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

async function* of(pieces: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* pieces;
}

/** What came out, and whether it ended as a whole body does. */
async function read(
  pieces: readonly Uint8Array[],
  meta: { readonly size: number; readonly sha256: string },
): Promise<{ readonly bytes: Buffer; readonly ended: boolean }> {
  const out: Uint8Array[] = [];
  try {
    for await (const piece of verified(of(pieces), meta, sha256Hasher())) out.push(piece);
    return { bytes: Buffer.concat(out), ended: true };
  } catch (cause) {
    expect(cause).toBeInstanceOf(WrongBytes);
    return { bytes: Buffer.concat(out), ended: false };
  }
}

const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });

describe('a verified body', () => {
  it('of the right bytes passes as it is, in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, async (pieces) => {
        const whole = Buffer.concat(pieces);
        const { bytes, ended } = await read(pieces, metaOf(whole));
        expect(ended).toBe(true);
        expect(bytes.equals(whole)).toBe(true);
      }),
    );
  });

  it('with one byte flipped never ends, and never gives as many bytes as were promised', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.nat(), async (pieces, place) => {
        const whole = Buffer.concat(pieces);
        fc.pre(whole.length > 0);
        const meta = metaOf(whole);
        const flipped = pieces.map((piece) => Uint8Array.from(piece));
        let at = place % whole.length;
        for (const piece of flipped) {
          if (at >= 0 && at < piece.length) piece[at] = (piece[at] ?? 0) ^ 1;
          at -= piece.length;
        }
        const { bytes, ended } = await read(flipped, meta);
        expect(ended).toBe(false);
        expect(bytes.length).toBeLessThan(whole.length);
      }),
    );
  });

  it('that is too short or too long never ends', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.integer({ min: -40, max: 40 }), async (pieces, change) => {
        const whole = Buffer.concat(pieces);
        fc.pre(change !== 0 && whole.length + change >= 0);
        const meta = { ...metaOf(whole), size: whole.length + change };
        expect((await read(pieces, meta)).ended).toBe(false);
      }),
    );
  });

  it('of an object whose hash nobody knows never ends', async () => {
    const bytes = new Uint8Array(10);
    expect((await read([bytes], { size: 10, sha256: '' })).ended).toBe(false);
  });

  it('that is too long is not read to its end', async () => {
    let given = 0;
    async function* endless(): AsyncIterable<Uint8Array> {
      for (;;) {
        given++;
        yield new Uint8Array(10);
      }
    }
    const reading = (async () => {
      for await (const _ of verified(endless(), { size: 25, sha256: '' }, sha256Hasher()));
    })();
    await expect(reading).rejects.toThrow(WrongBytes);
    expect(given).toBe(3);
  });

  it('passes on an error of the body as it is', async () => {
    async function* broken(): AsyncIterable<Uint8Array> {
      yield new Uint8Array(1);
      throw new Error('the disk is gone');
    }
    const reading = (async () => {
      for await (const _ of verified(broken(), { size: 5, sha256: '' }, sha256Hasher()));
    })();
    await expect(reading).rejects.toThrow('the disk is gone');
  });
});
