import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of dead buffers that may gather; a collection of the young takes a millisecond or two. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;
/** Smaller pieces are not worth counting: those of small mail are gone with the next ordinary collection. */
const PIECE_BYTES = 16 * 1024;

let gathered = 0;

/**
 * Told of each piece of a stream that has been used. V8 looks for dead buffers only when 64 MB of them lie about, or when its own
 * heap is full; a file that is streamed leaves twice its size in buffers and hardly anything on the heap, so without this a
 * process that holds no more than a few pieces at a time would grow by those 64 MB.
 */
export function spent(bytes: number): void {
  if (bytes < PIECE_BYTES) return;
  gathered += bytes;
  if (gathered < COLLECT_EVERY_BYTES) return;
  gathered = 0;
  collect({ type: 'minor' });
}

/** The flag is the process's, and a thread that begins just now takes it back as we did: then we set it again. */
const TRIES = 50;

/** The collector's own function, which is otherwise there only with a flag on the command line. Without it, memory is all it costs. */
const collect: (how: { readonly type: 'minor' }) => void = (() => {
  for (let left = TRIES; left > 0; left -= 1) {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('globalThis.gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof found === 'function') return (how) => void found(how);
  }
  return () => {};
})();
