import { createHash } from 'node:crypto';
import type { Hasher } from '../../objects/hasher.ts';
import type { Digest } from '../../operator/digest.ts';
import { spent } from './spent-buffers.ts';

export function sha256Hasher(): Hasher {
  const hash = createHash('sha256');
  return {
    update(bytes) {
      hash.update(bytes);
      // Everything large is hashed on its way, and nobody needs a piece much longer.
      spent(bytes.byteLength);
    },
    digest: () => hash.digest('hex'),
  };
}

export const sha256: Digest = (text) => createHash('sha256').update(text).digest('hex');
