import { createHash, hash } from 'node:crypto';
import type { Hasher } from '../../objects/hasher.ts';
import type { Digest } from '../../operator/digest.ts';
import { spent } from './spent-buffers.ts';

export function sha256Hasher(): Hasher {
  const hashing = createHash('sha256');
  return {
    update(bytes) {
      hashing.update(bytes);
      // Everything large is hashed on its way, and nobody needs a piece much longer.
      spent(bytes.byteLength);
    },
    digest: () => hashing.digest('hex'),
  };
}

export const sha256OfBytes = (bytes: Uint8Array): string => hash('sha256', bytes);

export const sha256: Digest = (text) => hash('sha256', text);
