import type { GuessLimit } from '../http/parts.ts';
import { parseAddress, printAddress } from '../net/address.ts';
import type { Digest } from './digest.ts';

// Guessing a key of 142 random bits is hopeless at any rate; the limit is there so that an address that tries cannot make
// us work for it (threats.md section 10). A person with a wrong key in a script stays below it.
const FAILURES_PER_WINDOW = 60;
const WINDOW_MS = 60_000;

/** Over the limit, a key that was never seen is still looked up this often: a proxy's address is everybody's address. */
const TRICKLE_MS = 1_000;

/** Beyond this the oldest are forgotten: a table that grows with every address would itself be the attack. */
const MAX_ADDRESSES = 10_000;

/** Callers behind one proxy share its address: a token that was good before passes while others guess beside it. */
const MAX_KNOWN_TOKENS = 10_000;

interface GuessParts {
  readonly monotonic: () => number;
  readonly digest: Digest;
}

export interface Guesses extends GuessLimit {
  /** Says where a request came from; the request itself does not know. */
  from(request: Request, address: string | undefined): void;
  /** A request was answered as that of somebody we know. */
  succeeded(request: Request): void;
}

/** Failed authentications per remote address, before any key is looked up. Time is monotonic milliseconds. */
export function createGuesses({ monotonic, digest }: GuessParts): Guesses {
  const addresses = new WeakMap<Request, string>();
  const windows = new Map<string, { failures: number; nextLookAt: number; readonly endsAt: number }>();
  const known = new Set<string>();

  const windowOf = (request: Request) => {
    // While nobody has failed there is nothing to look up, and the address need not be read.
    if (windows.size === 0) return { address: null, window: null };
    const address = networkOf(addresses.get(request) ?? '');
    const window = windows.get(address);
    return { address, window: window !== undefined && window.endsAt > monotonic() ? window : null };
  };

  return {
    from(request, address) {
      addresses.set(request, address ?? '');
    },
    check(request) {
      const { window } = windowOf(request);
      if (window === null || window.failures < FAILURES_PER_WINDOW) return null;
      if (known.has(tokenOf(request, digest))) return null;
      const now = monotonic();
      if (now < window.nextLookAt) return Math.ceil((window.endsAt - now) / 1000);
      window.nextLookAt = now + TRICKLE_MS;
      return null;
    },
    failed(request) {
      const { address: looked, window } = windowOf(request);
      if (window !== null) {
        window.failures += 1;
        return;
      }
      const address = looked ?? networkOf(addresses.get(request) ?? '');
      windows.delete(address);
      windows.set(address, {
        failures: 1,
        nextLookAt: monotonic() + TRICKLE_MS,
        endsAt: monotonic() + WINDOW_MS,
      });
      forgetOldest(windows, MAX_ADDRESSES);
    },
    succeeded(request) {
      const token = tokenOf(request, digest);
      if (token === '' || known.has(token)) return;
      known.add(token);
      forgetOldest(known, MAX_KNOWN_TOKENS);
    },
  };
}

/** Never the token itself: only its digest stays in memory. */
function tokenOf(request: Request, digest: Digest): string {
  const header = request.headers.get('authorization');
  return header === null ? '' : digest(header);
}

function forgetOldest(
  kept: { readonly size: number; keys(): Iterator<string>; delete(key: string): boolean },
  most: number,
): void {
  if (kept.size <= most) return;
  const oldest = kept.keys().next();
  if (oldest.done !== true) kept.delete(oldest.value);
}

/** One caller of IPv6 has a /64 of addresses at least; IPv4 in its mapped spelling is IPv4. */
export function networkOf(address: string): string {
  const parsed = parseAddress(address.replace(/%.*$/, ''));
  if (parsed === null) return address;
  const printed = printAddress(parsed);
  return parsed.bits === 32 ? printed : `${printed.split(':').slice(0, 4).join(':')}::/64`;
}
