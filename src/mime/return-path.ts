/**
 * The return path of one recipient of one mail (VERP), signed, so that a bounce finds its message even when it quotes
 * nothing, and so that nobody but who received a mail can report about it.
 *
 *     <account><8 bits ordinal, 82 bits of the email's id, 70 bits of an HMAC: 32 characters>@<RETURN_PATH_DOMAIN>
 *
 * Lower case throughout, because some servers fold the case of what they return to. An account's name may have 32
 * characters and a local part 64 (RFC 5321 §4.5.3.1.1), so the id is cut to its time and its first 34 random bits: a range
 * of ids in which there is one mail, or, once in decades, two of the same millisecond, and then the report is nobody's.
 */

const MAX_LOCAL_PART = 64;
const ACCOUNT = /^[a-z0-9-]{1,32}$/;
/** Version 7 and the variant of RFC 9562 are given, the rest is 122 bits. */
const EMAIL_ID = /^([0-9a-f]{8})-([0-9a-f]{4})-7([0-9a-f]{3})-([89ab][0-9a-f]{3})-([0-9a-f]{12})$/;
/** RFC 4648 §6 in lower case. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const TOKEN_LENGTH = 32;
const ID_BITS = 82n;
const MAC_BITS = 70n;
const MAX_ORDINAL = 255;

export interface ReturnPathOf {
  readonly account: string;
  /** A UUID of version 7. */
  readonly emailId: string;
  /** Place of the recipient in its mail, from 0 to 255. */
  readonly ordinal: number;
}

export interface ReturnPathReading {
  readonly account: string;
  readonly ordinal: number;
  /** The email's id is not less than this and not greater than `lastId`, compared as text. */
  readonly firstId: string;
  readonly lastId: string;
}

export interface ReturnPaths {
  /**
   * The address for `MAIL FROM`.
   *
   * @throws RangeError for what is no account, no id of ours, or no ordinal
   */
  print(of: ReturnPathOf): Promise<string>;
  /** Null for every address that we have not printed. The time it takes says nothing about how far it was right. */
  read(address: string): Promise<ReturnPathReading | null>;
}

/** Spelled without a name, because the two hosts have different names for it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/**
 * @param key 32 bytes that are used for this alone, or how they are had when the first path is printed or read
 * @param domain RETURN_PATH_DOMAIN
 */
export function createReturnPaths({
  key,
  domain,
}: {
  readonly key: Uint8Array<ArrayBuffer> | (() => Promise<Uint8Array>);
  readonly domain: string;
}): ReturnPaths {
  // Imported when it is first needed: on Workers nothing asynchronous may run while a module loads.
  let imported: Promise<Key> | null = null;
  const macOf = async (account: string, body: bigint): Promise<bigint> => {
    imported ??= importKey(key);
    const signed = new TextEncoder().encode(`return path ${account} ${body}`);
    const mac = new DataView(await crypto.subtle.sign('HMAC', await imported, signed));
    return ((mac.getBigUint64(0) << 64n) | mac.getBigUint64(8)) >> (128n - MAC_BITS);
  };
  return {
    async print({ account, emailId, ordinal }) {
      const id = bitsOf(emailId);
      if (
        !ACCOUNT.test(account) ||
        id === null ||
        !Number.isInteger(ordinal) ||
        ordinal < 0 ||
        ordinal > MAX_ORDINAL
      ) {
        throw new RangeError('no return path for this');
      }
      const body = (BigInt(ordinal) << ID_BITS) | id;
      return `${account}${toBase32((body << MAC_BITS) | (await macOf(account, body)))}@${domain}`;
    },
    async read(address) {
      const at = address.lastIndexOf('@');
      const local = address.slice(0, at).toLowerCase();
      if (at > MAX_LOCAL_PART || address.slice(at + 1).toLowerCase() !== domain.toLowerCase()) return null;
      const account = local.slice(0, -TOKEN_LENGTH);
      const token = fromBase32(local.slice(-TOKEN_LENGTH));
      if (token === null || !ACCOUNT.test(account)) return null;
      const body = token >> MAC_BITS;
      if (!areEqual(toBase32(token & mask(MAC_BITS)), toBase32(await macOf(account, body)))) return null;
      const id = body & mask(ID_BITS);
      return { account, ordinal: Number(body >> ID_BITS), firstId: idFrom(id, '0'), lastId: idFrom(id, 'f') };
    },
  };
}

async function importKey(key: Parameters<typeof createReturnPaths>[0]['key']): Promise<Key> {
  const bytes = typeof key === 'function' ? new Uint8Array(await key()) : key;
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

/** The first 82 of the 122 bits: 48 of time, 12 and 22 random ones. */
function bitsOf(emailId: string): bigint | null {
  const [, high, low, a, b, rest] = EMAIL_ID.exec(emailId) ?? [];
  if (high === undefined || low === undefined || a === undefined || b === undefined || rest === undefined)
    return null;
  const variantless = BigInt(`0x${b}${rest.slice(0, 2)}`) & mask(22n);
  return (BigInt(`0x${high}${low}${a}`) << 22n) | variantless;
}

/** The id of these bits, with the others all 0 or all 1. */
function idFrom(bits: bigint, filler: '0' | 'f'): string {
  const head = (bits >> 22n).toString(16).padStart(15, '0');
  const tail = ((0b10n << 22n) | (bits & mask(22n))).toString(16) + filler.repeat(10);
  return `${head.slice(0, 8)}-${head.slice(8, 12)}-7${head.slice(12)}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

function mask(bits: bigint): bigint {
  return (1n << bits) - 1n;
}

function toBase32(value: bigint): string {
  let text = '';
  for (let shift = BigInt(TOKEN_LENGTH - 1) * 5n; shift >= 0n; shift -= 5n) {
    text += ALPHABET.charAt(Number((value >> shift) & 31n));
  }
  return text;
}

function fromBase32(text: string): bigint | null {
  if (text.length !== TOKEN_LENGTH) return null;
  let value = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    value = (value << 5n) | BigInt(digit);
  }
  return value;
}

/** Looks at every character whatever the ones before it were. */
function areEqual(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let i = 0; i < one.length; i += 1) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}
