/**
 * An IP address as the number it is. An IPv4-mapped address (`::ffff:127.0.0.1`, which `new URL()` prints as
 * `::ffff:7f00:1`) is read as the IPv4 address that a socket opened to it reaches: there is no second spelling to forget.
 */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** All addresses that share the first `prefix` bits of `start`. */
export interface Range {
  readonly start: Address;
  readonly prefix: number;
}

const GROUPS = 8;
const GROUP_BITS = 16n;
const V4_MASK = 0xffff_ffffn;
/** RFC 4291 §2.5.5.2: ::ffff:0:0/96. */
const MAPPED = 0xffffn;

/**
 * Reads one address as a resolver gives it or `new URL()` prints it; an IPv6 address may stand in brackets. Null for
 * everything else: short, octal and hexadecimal IPv4 (other readers take them for other addresses) and IPv6 with a zone.
 */
export function parseAddress(text: string): Address | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : null;
  if (bare === null) {
    const v4 = parseV4(text);
    if (v4 !== null) return { bits: 32, value: v4 };
  }
  const value = parseV6(bare ?? text);
  if (value === null) return null;
  return value >> 32n === MAPPED ? { bits: 32, value: value & V4_MASK } : { bits: 128, value };
}

/** Dotted decimal, or all eight groups in hex: what a socket is opened to. */
export function printAddress({ bits, value }: Address): string {
  const size = bits === 32 ? 8n : GROUP_BITS;
  const parts: string[] = [];
  for (let shift = BigInt(bits) - size; shift >= 0n; shift -= size) {
    parts.push(((value >> shift) & ((1n << size) - 1n)).toString(bits === 32 ? 10 : 16));
  }
  return parts.join(bits === 32 ? '.' : ':');
}

/** Reads `10.0.0.0/8` or a single address. Null when it is neither, or when bits behind the prefix are set. */
export function parseRange(text: string): Range | null {
  const [base = '', length, ...rest] = text.split('/');
  const start = parseAddress(base);
  if (start === null || rest.length > 0) return null;
  if (length === undefined) return { start, prefix: start.bits };
  const prefix = /^(?:0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : Number.NaN;
  if (!(prefix <= start.bits)) return null;
  const range = { start, prefix };
  return networkOf(start, range) << hostBits(range) === start.value ? range : null;
}

export function contains(range: Range, address: Address): boolean {
  return address.bits === range.start.bits && networkOf(address, range) === networkOf(range.start, range);
}

function hostBits({ start, prefix }: Range): bigint {
  return BigInt(start.bits - prefix);
}

function networkOf({ value }: Address, range: Range): bigint {
  return value >> hostBits(range);
}

function parseV4(text: string): bigint | null {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9][0-9]{0,2})$/.test(octet))) return null;
  const numbers = octets.map(BigInt);
  if (!numbers.every((number) => number <= 255n)) return null;
  return numbers.reduce((value, number) => (value << 8n) | number, 0n);
}

function parseV6(text: string): bigint | null {
  const [left = '', right, ...rest] = text.split('::');
  if (rest.length > 0) return null;
  const before = groupsOf(left, { last: right === undefined });
  const after = groupsOf(right ?? '', { last: true });
  if (before === null || after === null) return null;
  const missing = GROUPS - before.length - after.length;
  // RFC 4291 §2.2: "::" stands for one group or more, and without it there are eight.
  if (right === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...Array.from({ length: missing }, () => 0n), ...after];
  return groups.reduce((value, group) => (value << GROUP_BITS) | group, 0n);
}

/** The groups of one side of `::`. Only the very end may be dotted decimal (RFC 4291 §2.2, form 3). */
function groupsOf(text: string, { last }: { readonly last: boolean }): readonly bigint[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const tail = last ? parseV4(parts.at(-1) ?? '') : null;
  const hex = tail === null ? parts : parts.slice(0, -1);
  if (!hex.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return null;
  const groups = hex.map((part) => BigInt(`0x${part}`));
  return tail === null ? groups : [...groups, tail >> GROUP_BITS, tail & 0xffffn];
}
