import { randomFillSync } from 'node:crypto';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../mailroom/uuid.ts';

/** Random bytes are drawn for this many ids at once: each draw by itself costs more than the id. */
const IDS_PER_DRAW = 256;

const pool = new Uint8Array(UUID_RANDOM_BYTES * IDS_PER_DRAW);
let used = pool.length;

/** A fresh UUID of version 7, from the kernel's random numbers. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + UUID_RANDOM_BYTES);
  used += UUID_RANDOM_BYTES;
  return uuidV7({ now: Date.now(), random });
}

export function randomBytes(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length));
}
