import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
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

it('threads that begin at the same moment find it all the same: the flag is the whole process’s', async () => {
  const module = new URL('../../src/platform/node/spent-buffers.ts', import.meta.url);
  const ended = Array.from({ length: 24 }, () => once(new Worker(module), 'exit'));
  expect((await Promise.allSettled(ended)).filter(({ status }) => status === 'rejected')).toEqual([]);
});
