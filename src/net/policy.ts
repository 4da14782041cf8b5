import { type Address, parseAddress } from './address.ts';
import { type Allowance, allowsAddress } from './allowance.ts';
import { BLOCKED_PORTS, FIRST_OPEN_PORT } from './blocked-ports.ts';
import { type Host, isInternalName, readHost } from './host.ts';
import { isGlobal } from './special-purpose.ts';

/** Where a caller may send us. */
export interface EgressPolicy {
  readonly allowance: Allowance;
  /** URLs that lead back here: PUBLIC_URL. */
  readonly own: readonly string[];
  /** Whether a public address may stand in a URL. Not on Workers, where it says nothing about what is reached. */
  readonly literals: boolean;
}

/** Which rule a URL breaks. `address`: the host is, or leads to, something that is not on the public internet. */
export type EgressRule =
  | 'length'
  | 'spelling'
  | 'scheme'
  | 'credentials'
  | 'host'
  | 'own_host'
  | 'port'
  | 'literal'
  | 'address';

/** A URL that may be tried, as it will be dialled: nothing reads the caller's text again. */
export interface Target {
  readonly url: string;
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  /** The address where the URL has one instead of a name. */
  readonly address: Address | null;
  readonly port: number;
  /**
   * What the host may resolve to. `global`: public or allowed addresses and nothing else. `allowed`: whatever of it the
   * operator's ranges open. `any`: the operator opened this very host.
   */
  readonly admits: 'global' | 'allowed' | 'any';
}

export type Judgement =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly rule: EgressRule };

/** Longest URL of a caller, in characters; the signed links of object stores stay below 4,000. */
export const MAX_URL_LENGTH = 8_192;

/** A host of the DNS may have thousands of addresses: one that answers is enough. */
const MAX_ADDRESSES = 8;

const SCHEME = /^https?:/i;
/** What some readers skip, and others take for the end of the host: blanks, controls, backslashes, `https:host`. */
const AS_WRITTEN = /^https?:\/\/[^/\\?#][^\s\\\p{Cc}]*$/iu;

/** Judges a URL before anything is looked up or opened. The same when a webhook is made and each time it is called. */
export function judge(text: string, policy: EgressPolicy): Judgement {
  const no = (rule: EgressRule): Judgement => ({ ok: false, rule });
  if (text.length > MAX_URL_LENGTH) return no('length');
  if (!SCHEME.test(text)) return no('scheme');
  if (!AS_WRITTEN.test(text) || !URL.canParse(text)) return no('spelling');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return no('credentials');
  const host = readHost(url.hostname);
  if (host === null) return no('host');

  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const admits = admitted(host, { secure, policy });
  if (isOwn({ host, port, admits }, policy)) return no('own_host');
  if (typeof admits !== 'string') return no(admits.rule);
  // An allowance opens a place, not its other services: the port rule stays, plus 80 for plain http.
  if (!isOpenPort(port) && (secure || port !== 80)) return no('port');
  return {
    ok: true,
    target: { url: dialled(url, host), secure, host: host.text, address: host.address, port, admits },
  };
}

/** Judges what a name resolved to. Null: go nowhere; an address that cannot be read counts as a private one. */
export function admit(
  target: Target,
  { addresses, policy }: { readonly addresses: readonly string[]; readonly policy: EgressPolicy },
): readonly Address[] | null {
  const read = addresses.map(parseAddress);
  const known = read.filter((address) => address !== null);
  if (known.length < read.length) return null;
  const allowed = known.filter((address) => allowsAddress(policy.allowance, address));
  switch (target.admits) {
    case 'any':
      return known.slice(0, MAX_ADDRESSES);
    case 'allowed':
      return allowed.length === 0 ? null : allowed.slice(0, MAX_ADDRESSES);
    case 'global':
      return known.every((address) => isGlobal(address) || allowed.includes(address))
        ? known.slice(0, MAX_ADDRESSES)
        : null;
  }
}

/** What the host may lead to, or the rule it breaks. */
function admitted(
  host: Host,
  { secure, policy }: { readonly secure: boolean; readonly policy: EgressPolicy },
): Target['admits'] | { readonly rule: EgressRule } {
  const { allowance } = policy;
  if (host.address !== null) {
    if (allowsAddress(allowance, host.address)) return 'any';
    if (!isGlobal(host.address)) return { rule: 'address' };
    if (!secure) return { rule: 'scheme' };
    return policy.literals ? 'global' : { rule: 'literal' };
  }
  if (allowance.hosts.has(host.text)) return 'any';
  if (secure && !isInternalName(host.text)) return 'global';
  // With ranges allowed such a name may lead into one: its addresses decide.
  if (allowance.ranges.length > 0) return 'allowed';
  return { rule: secure ? 'host' : 'scheme' };
}

/** Calls to ourselves would run in a circle. An allowed host may be ours too (127.0.0.1): there only our port is. */
function isOwn(
  { host, port, admits }: { readonly host: Host; readonly port: number; readonly admits: unknown },
  { own }: EgressPolicy,
): boolean {
  return own.some((text) => {
    const url = new URL(text);
    if (readHost(url.hostname)?.text !== host.text) return false;
    const ownPort = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    return admits === 'any' || admits === 'allowed' ? port === ownPort : true;
  });
}

function isOpenPort(port: number): boolean {
  return port === 443 || (port >= FIRST_OPEN_PORT && !BLOCKED_PORTS.has(port));
}

/** Without the root's dot, which certificates and `Host` do not have, and without the fragment, which is never sent. */
function dialled(url: URL, host: Host): string {
  const copy = new URL(url);
  copy.hostname = host.address?.bits === 128 ? `[${host.text}]` : host.text;
  copy.hash = '';
  return copy.href;
}
