import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface DevSecrets {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** Characters of a made-up API_KEY; the setting takes 20 to 256. */
const API_KEY_BYTES = 24;
const SECRET_KEY_BYTES = 32;

/** What a deployed Worker gets as secrets, made at the first start and kept, so that a key that was printed stays good. */
export async function keptSecrets(folder: string): Promise<DevSecrets> {
  const path = join(folder, 'secrets.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as DevSecrets;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  const made = {
    apiKey: randomBytes(API_KEY_BYTES).toString('base64url'),
    secretKey: randomBytes(SECRET_KEY_BYTES).toString('base64url'),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path, JSON.stringify(made), { mode: 0o600 });
  return made;
}
