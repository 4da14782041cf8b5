/** Longest key a driver takes, in bytes; keys are ASCII. S3 allows 1,024. */
const MAX_KEY_BYTES = 512;

/** Longest single segment: a folder's file systems allow 255. */
const SEGMENT = /^[A-Za-z0-9_-]{1,128}$/;

/** A key that no server of ours made. A programming error or an attack, never a user's mistake. */
export class RefusedKey extends Error {
  override readonly name = 'RefusedKey';
}

/**
 * The key of one object of one account: `t/<account>/<id>`. `id` is a lower-case hex SHA-256 or a random id made here;
 * the account's name keeps equal bytes of two accounts apart, so that neither can learn what the other has.
 *
 * @throws RefusedKey when a part is not made of letters, digits, `-` and `_`.
 */
export function objectKey(place: { readonly account: string; readonly id: string }): string {
  return checkedKey(`t/${place.account}/${place.id}`);
}

/**
 * What every driver does with a prefix: whole segments, so that no account's name is the beginning of another's.
 *
 * @throws RefusedKey
 */
export function checkedPrefix(prefix: string): string {
  if (!prefix.endsWith('/')) throw new RefusedKey('A prefix of keys ends in "/"');
  return checkedKey(`${prefix}x`).slice(0, -1);
}

/**
 * What every driver does with a key before anything else. Segments of letters, digits, `-` and `_` only: with dots or
 * escapes refused, `..`, `%2e%2e/`, `\..\` and their kin cannot be normalised into another account's key by a URL
 * builder or a file system.
 *
 * @throws RefusedKey
 */
export function checkedKey(key: string): string {
  const segments = key.split('/');
  if (key.length > MAX_KEY_BYTES || segments.length < 2 || !segments.every((part) => SEGMENT.test(part))) {
    throw new RefusedKey('An object key is letters, digits, "-" and "_" in two or more segments');
  }
  return key;
}
