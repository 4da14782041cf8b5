import { randomFillSync } from 'node:crypto';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../mailroom/uuid.ts';

/** So many random bytes are drawn at once: each draw by itself costs more than the id that is made of it. */
const DRAWN_BYTES = 4 * 1024;

const pool = new Uint8Array(DRAWN_BYTES);
let used = pool.length;

/** A fresh UUID of version 7, from the kernel's random numbers. */
export function newId(): string {
  return uuidV7({ now: Date.now(), random: randomBytes(UUID_RANDOM_BYTES) });
}

/** Nothing that is handed out stays in the pool: it may become a key. */
export function randomBytes(length: number): Uint8Array {
  if (length > DRAWN_BYTES) return randomFillSync(new Uint8Array(length));
  if (used + length > DRAWN_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const drawn = pool.slice(used, used + length);
  pool.fill(0, used, used + length);
  used += length;
  return drawn;
}
