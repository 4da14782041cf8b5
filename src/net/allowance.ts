import { type Address, contains, parseAddress, parseRange, type Range } from './address.ts';
import { readHost } from './host.ts';

/** What the operator opened with EGRESS_ALLOW, beside the public internet and for plain http too. */
export interface Allowance {
  readonly hosts: ReadonlySet<string>;
  readonly ranges: readonly Range[];
}

export type ReadAllowance =
  | { readonly ok: true; readonly allowance: Allowance }
  /** One line per entry that cannot be read. */
  | { readonly ok: false; readonly problems: readonly string[] };

export const NOTHING_ALLOWED: Allowance = { hosts: new Set(), ranges: [] };

const EXPECTED =
  'expected a range (10.0.0.0/8, fd00::/8), an address (127.0.0.1, ::1) or a host name without scheme, port and wildcard';

/**
 * Reads EGRESS_ALLOW: ranges, addresses and host names, separated by commas.
 *
 * A range opens the addresses in it, whatever name leads there. A host name opens that name wherever it leads: for names
 * that the operator controls.
 */
export function readAllowance(text: string): ReadAllowance {
  const hosts = new Set<string>();
  const ranges: Range[] = [];
  const problems: string[] = [];
  for (const [index, given] of text.split(',').entries()) {
    const entry = given.trim();
    const range = parseRange(entry);
    const name = range === null ? readName(entry) : null;
    if (range !== null) ranges.push(range);
    else if (name !== null) hosts.add(name);
    else problems.push(`entry ${index + 1}: ${EXPECTED}`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, allowance: { hosts, ranges } };
}

export function allowsAddress({ ranges }: Allowance, address: Address): boolean {
  return ranges.some((range) => contains(range, address));
}

/** The same reading as a URL's: a name in another script is compared as A-labels. */
function readName(entry: string): string | null {
  if (/[\s:/?#@%\\*[\]]/.test(entry) || !URL.canParse(`https://${entry}/`)) return null;
  const host = readHost(new URL(`https://${entry}/`).hostname);
  // `127.1` and `0x7f.1` are host names to nobody but URL parsers: whoever means an address writes all of it.
  return host === null || host.address !== null || parseAddress(entry) !== null ? null : host.text;
}
