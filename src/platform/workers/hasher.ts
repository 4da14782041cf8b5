import { createHash } from 'node:crypto';
import type { Hasher } from '../../objects/hasher.ts';
import type { Digest } from '../../operator/digest.ts';

export function sha256Hasher(): Hasher {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
}

export const sha256: Digest = (text) => createHash('sha256').update(text).digest('hex');
