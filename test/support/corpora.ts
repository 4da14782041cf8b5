import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Test data of other projects, beside the checkout or where CORPORA_DIR says. Never committed here. */
const { CORPORA_DIR } = process.env;
const FOLDER = CORPORA_DIR ?? join(import.meta.dirname, '../../../shared/corpora');

/** The bytes of one file, or null where the corpora are not present. */
export function corpusFile(path: string): Buffer | null {
  const full = join(FOLDER, path);
  return existsSync(full) ? readFileSync(full) : null;
}
