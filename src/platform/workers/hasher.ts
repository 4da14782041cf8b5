import { createHash } from 'node:crypto';
import type { Hasher } from '../../objects/hasher.ts';

export function sha256Hasher(): Hasher {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
}
