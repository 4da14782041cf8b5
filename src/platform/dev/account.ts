import { randomFillSync } from 'node:crypto';
import { hashKey, isAccountName, mintKey } from '../../mailroom/key-format.ts';

/**
 * `npm run account:workers -- NAME`: makes the first key of an account on Workers, and what ACCOUNTS needs to know of it.
 * Nothing is stored here.
 */
const name = process.argv[2] ?? '';
if (!isAccountName(name)) {
  console.error('An account name is 1 to 32 lower-case letters, digits and "-"');
  process.exit(1);
}
const prefix = process.env['KEY_PREFIX'] ?? 'mw_';
const random = (size: number): Uint8Array => randomFillSync(new Uint8Array(size));
const { token, publicId } = mintKey({ prefix, account: name, random });

console.log(`Full-access key of the account "${name}" (shown once):
${token}

Add this entry to ACCOUNTS, entries separated by commas, and deploy:
${name}:${publicId}:${await hashKey(token)}`);
