import { toHex } from './uuid.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Characters by which a key is found in its account. */
const PUBLIC_ID_LENGTH = 12;
/** 24 base62 characters are 142 random bits (threats.md §9 asks for 128). */
const SECRET_LENGTH = 24;
/** 62^6 is above 2^32, so six characters hold any CRC-32. */
const CHECKSUM_LENGTH = 6;
/** A byte at or above this would make some characters likelier than others: it is drawn again. */
const UNBIASED_BYTES = 256 - (256 % BASE62.length);
/** Account names are folder names and Durable Object names: nothing in them that a path could read. */
const ACCOUNT = /^[a-z0-9-]{1,32}$/;
const TAIL = /^([0-9A-Za-z]{12})[0-9A-Za-z]{24}([0-9A-Za-z]{6})$/;

/** What a token says of itself before anything is looked up: where to ask, and for which row. Untrusted: the hash decides. */
export interface KeyAddress {
  readonly account: string;
  readonly publicId: string;
}

/** True for a name that an account may have. */
export function isAccountName(name: string): boolean {
  return ACCOUNT.test(name);
}

/**
 * A new token, `<prefix><account>_<publicId><secret><checksum>`.
 *
 * @param random gives that many random bytes.
 */
export function mintKey({
  prefix,
  account,
  random,
}: {
  readonly prefix: string;
  readonly account: string;
  readonly random: (size: number) => Uint8Array;
}): { readonly token: string; readonly publicId: string } {
  if (!isAccountName(account)) throw new RangeError('Not an account name');
  const publicId = randomText({ length: PUBLIC_ID_LENGTH, random });
  const body = `${prefix}${account}_${publicId}${randomText({ length: SECRET_LENGTH, random })}`;
  return { token: body + checksum(body), publicId };
}

/**
 * Reads a token; null when it cannot be one of ours. The checksum spares the database a look-up for what was mistyped,
 * and lets a scanner for leaked secrets be sure.
 */
export function parseKey({
  prefix,
  token,
}: {
  readonly prefix: string;
  readonly token: string;
}): KeyAddress | null {
  if (!token.startsWith(prefix)) return null;
  const end = token.lastIndexOf('_');
  const account = token.slice(prefix.length, end);
  const [, publicId, check] = TAIL.exec(token.slice(end + 1)) ?? [];
  if (end < prefix.length || !isAccountName(account) || publicId === undefined) return null;
  return check === checksum(token.slice(0, -CHECKSUM_LENGTH)) ? { account, publicId } : null;
}

/** What is stored of a token: lower-case hex SHA-256. Enough for 142 random bits; a slow hash is for passwords. */
export async function hashKey(token: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))));
}

function randomText({
  length,
  random,
}: {
  readonly length: number;
  readonly random: (size: number) => Uint8Array;
}): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length)) {
      if (byte < UNBIASED_BYTES && text.length < length) text += BASE62.charAt(byte % BASE62.length);
    }
  }
  return text;
}

/** CRC-32 (ISO 3309, reflected, 0xEDB88320) in six base62 digits. */
function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
