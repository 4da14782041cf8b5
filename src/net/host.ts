import { type Address, parseAddress, printAddress } from './address.ts';

/** Where a URL points: a name in lower case, as A-labels, without the dot of the root; or an address in its one spelling. */
export interface Host {
  readonly text: string;
  /** Null for a name. */
  readonly address: Address | null;
}

/** RFC 1035 §2.3.4, and underscores, which names of machines do have. */
const NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Endings that the public DNS does not have, or has for one network alone. A name under them leads into the network that
 * asks: RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what routers, clusters and clouds use besides.
 */
const INTERNAL = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'home.arpa',
  'lan',
  'svc',
  'consul',
  'onion',
  'metadata.goog',
];

/** Reads what `new URL()` calls `hostname`. Null when that is no place to connect to. */
export function readHost(hostname: string): Host | null {
  const address = parseAddress(hostname);
  if (address !== null) return { text: printAddress(address), address };
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  return NAME.test(name) ? { text: name, address: null } : null;
}

/** Whether a name is known without asking anybody to lead to no public host. A single label depends on who asks. */
export function isInternalName(name: string): boolean {
  return !name.includes('.') || INTERNAL.some((ending) => name === ending || name.endsWith(`.${ending}`));
}
