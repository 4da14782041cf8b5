import { hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIN_SECRET_KEY_BYTES } from '../../operator/settings.ts';

/** The service's own secret. Every purpose has a key of its own (RFC 5869), so that none can be used for another. */
export type SecretKey = (purpose: string) => Uint8Array<ArrayBuffer>;

/** SECRET_KEY, or the one that is kept in the data folder, made at the first start and readable by its owner alone. */
export function openSecretKey(parts: {
  readonly dataDir: string;
  readonly given: string | undefined;
}): SecretKey {
  const secret = parts.given ?? kept(join(parts.dataDir, 'secret-key'));
  return (purpose) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `mailwright ${purpose}`, MIN_SECRET_KEY_BYTES));
}

function kept(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
  }
  // Linked into place when it is whole: half a key, kept after a crash, would be a weak one for ever.
  const made = `${path}.new`;
  rmSync(made, { force: true });
  writeFileSync(made, randomBytes(MIN_SECRET_KEY_BYTES).toString('base64url'), { mode: 0o600, flush: true });
  linkSync(made, path);
  rmSync(made);
  return readFileSync(path, 'utf8');
}
