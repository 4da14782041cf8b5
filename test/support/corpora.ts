import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Test data of other projects, beside the checkout or where CORPORA_DIR says. Never committed here. */
const { CORPORA_DIR } = process.env;
const FOLDER = CORPORA_DIR ?? join(import.meta.dirname, '../../../shared/corpora');

/** The bytes of one file, or null where the corpora are not present. */
export function corpusFile(path: string): Buffer | null {
  const full = join(FOLDER, path);
  return existsSync(full) ? readFileSync(full) : null;
}

/** Paths of all files below a folder of the corpora, none where they are not present. */
export function corpusPaths(folder: string): readonly string[] {
  const full = join(FOLDER, folder);
  if (!existsSync(full)) return [];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)))
    .toSorted();
}
