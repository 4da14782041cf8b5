import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Log } from '../../operator/log.ts';

/** In PEM. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly pair: Pair;
  /** The pair again when its files have changed since it was last asked for; null when they have not. */
  renewed(): Promise<Pair | null>;
}

/**
 * A certificate and its key, from files that are replaced while we run. A pair that is of no use (half replaced, mistyped)
 * is reported once, and the one before stays.
 *
 * @throws when the files cannot be read or do not belong together
 */
export async function openCertificate(parts: {
  readonly files: Pair;
  readonly log: Log;
}): Promise<Certificate> {
  const { files, log } = parts;
  let seen = await stampOf(files);
  return {
    pair: await readPair(files),
    async renewed() {
      const stamp = await stampOf(files);
      if (stamp === seen) return null;
      seen = stamp;
      try {
        return await readPair(files);
      } catch (cause) {
        log({ level: 'warn', event: 'certificate_unusable', cause: String(cause) });
        return null;
      }
    },
  };
}

async function readPair(files: Pair): Promise<Pair> {
  const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')]);
  createSecureContext({ cert, key });
  return { cert, key };
}

/** Follows links: renewed certificates are often a link that points elsewhere. */
async function stampOf(files: Pair): Promise<string> {
  const stamps = await Promise.all(
    [files.cert, files.key].map((file) =>
      stat(file).then(
        ({ ino, size, mtimeMs }) => `${ino}.${size}.${mtimeMs}`,
        () => 'none',
      ),
    ),
  );
  return stamps.join(' ');
}
