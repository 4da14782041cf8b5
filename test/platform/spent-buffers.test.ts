import { expect, it } from 'vitest';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';

const MIB = 1024 * 1024;

/** Buffers that each live for one turn, as pieces of a stream do. */
async function most(bytes: number, piece: number, use: (piece: Buffer) => void): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  for (let at = 0; at < bytes; at += piece) {
    use(Buffer.alloc(piece, at));
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    if ((at / piece) % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return peak / MIB;
}

it('what was hashed in passing does not gather in memory: 100 MiB of it take less than 24 MiB', async () => {
  const hasher = sha256Hasher();
  expect(await most(100 * MIB, 64 * 1024, (piece) => hasher.update(piece))).toBeLessThan(24);
});

it('the collector is in nobody else’s reach', () => {
  expect(globalThis).not.toHaveProperty('gc');
});
