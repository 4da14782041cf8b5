import type { Endpoint, RelayConfig, Security } from './relay.ts';

export type ReadRelays =
  | { readonly ok: true; readonly relays: readonly RelayConfig[] }
  /** Every problem there is; no text of a user, a password or a query value that could be one. */
  | { readonly ok: false; readonly problems: readonly string[] };

const DEFAULT_CONNECTIONS = 4;
/** More sockets than that to one relay is a slip of the pen: most allow ten or twenty. */
const MAX_CONNECTIONS = 100;
const MAX_RATE = 10_000;
const MAX_NAME_LENGTH = 32;
const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;
/** The only port that can never be reached from Workers. */
const MX_PORT = 25;
/** The name under which the mailroom keeps addresses that no relay ever sees. */
const RESERVED_NAME = 'simulated';

const KEYS = ['tls', 'ports', 'name', 'connections', 'rate', 'ehlo'] as const;
const URL_SHAPE =
  /^(?<scheme>smtps?):\/\/(?:(?<credentials>[^/?#]*)@)?(?<host>\[[^\]/?#]*\]|[^:/?#@[\]]*)(?::(?<port>[^/?#]*))?\/?(?:\?(?<query>[^#]*))?$/i;
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const EHLO_NAME =
  /^(?=.{1,255}$)(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[a-z0-9.:]+\])$/i;
const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;

/**
 * Reads RELAY_URL: one or more URLs, separated by commas, tried in that order.
 *
 *     smtp://user:pass@host:587         STARTTLS, required; port 587 when none is given
 *     smtps://user:pass@host:465        TLS from the first byte; port 465 when none is given
 *     smtp://host:2525?tls=none         in the clear; with credentials only to this machine itself
 *     ?ports=587,465,2525               tried in that order; 465 means TLS from the first byte
 *     ?name=main                        unique; [a-z0-9-], at most 32 characters; default: made from the host
 *     ?connections=4  ?rate=10          open at once; messages per second
 *     ?ehlo=mail.example.com            what we call ourselves
 */
export function readRelayUrls(text: string, defaults: { readonly ehloName: string }): ReadRelays {
  const problems: string[] = [];
  const relays: RelayConfig[] = [];
  // A comma that ends one URL is followed by the next one's scheme; the commas of `ports` are not.
  const urls = text.trim().split(/\s*,\s*(?=[a-z][a-z0-9+.-]*:\/\/)/i);
  for (const [place, url] of urls.entries()) {
    const read = readOne(url, defaults.ehloName);
    const label = urls.length > 1 ? `relay ${place + 1}: ` : '';
    problems.push(...read.problems.map((problem) => label + problem));
    if (read.relay !== null) relays.push(read.relay);
  }
  const named = giveNames(relays);
  problems.push(...named.problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, relays: named.relays };
}

/** What a relay cannot be on Cloudflare Workers: port 25 is closed there, and a certificate is held against a name. */
export function problemsOnWorkers({ name, endpoints }: RelayConfig): readonly string[] {
  const problems: string[] = [];
  if (endpoints.some(({ port }) => port === MX_PORT)) {
    problems.push(`relay ${name}: port 25 cannot be reached from Workers; use 587, 465 or 2525`);
  }
  if (endpoints.some(({ host }) => isIpLiteral(host))) {
    problems.push(`relay ${name}: on Workers a relay is named by host, not by IP address`);
  }
  return problems;
}

type Draft = { readonly relay: RelayConfig | null; readonly problems: readonly string[] };

interface UrlParts {
  readonly scheme?: string;
  readonly credentials?: string;
  readonly host?: string;
  readonly port?: string;
  readonly query?: string;
}

function readOne(url: string, defaultEhlo: string): Draft {
  const parts: UrlParts | undefined = URL_SHAPE.exec(url)?.groups;
  if (parts === undefined) {
    return {
      relay: null,
      problems: [
        'expected smtp://user:password@host:port or smtps://…; write @ : / ? # % in a password as %40 %3A %2F %3F %23 %25',
      ],
    };
  }
  const problems: string[] = [];
  const report = (problem: string): null => {
    problems.push(problem);
    return null;
  };
  const query = readQuery(parts.query ?? '', report);
  const host = readHost(parts.host ?? '', report);
  const implicit = parts.scheme?.toLowerCase() === 'smtps';
  const clear = readClear(query.get('tls'), implicit, report);
  const credentials = readCredentials(parts.credentials, report);
  if (clear && credentials !== null && host !== null && !isLoopback(host)) {
    report('credentials are sent in the clear only to this machine itself; leave out tls=none');
  }
  const own: Security = implicit ? 'implicit' : clear ? 'none' : 'starttls';
  const endpoints = readEndpoints({
    host: host ?? '',
    own,
    given: parts.port,
    list: query.get('ports'),
    report,
  });
  const name = readName(query.get('name'), report);
  const connections = readNumber(query.get('connections'), 'connections', {
    most: MAX_CONNECTIONS,
    whole: true,
    report,
  });
  const rate = readNumber(query.get('rate'), 'rate', { most: MAX_RATE, whole: false, report });
  const ehloName = query.get('ehlo') ?? defaultEhlo;
  if (!EHLO_NAME.test(ehloName)) report('ehlo: expected a host name');
  if (problems.length > 0) return { relay: null, problems };
  return {
    relay: {
      name: name ?? '',
      endpoints,
      credentials,
      connections: connections ?? DEFAULT_CONNECTIONS,
      rate,
      ehloName,
    },
    problems,
  };
}

type Report = (problem: string) => null;

function readQuery(query: string, report: Report): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [key = '', ...rest] = pair.split('=');
    const value = decode(rest.join('='));
    // An unknown key is not repeated: after a `?` in a password it would be the password's end.
    if (!KEYS.some((known) => known === key))
      report(`unknown setting after "?"; known are ${KEYS.join(', ')}`);
    else if (values.has(key)) report(`${key}: given twice`);
    else if (value === null || value === '') report(`${key}: expected a value`);
    else values.set(key, value);
  }
  return values;
}

function readHost(given: string, report: Report): string | null {
  if (given.startsWith('[')) {
    const address = canonicalHost(given);
    return address?.startsWith('[') === true
      ? address.slice(1, -1)
      : report('host: expected an IPv6 address in brackets');
  }
  const host = canonicalHost(given);
  // The URL parser also reads `127.1`, `0x7f.1` and `2130706433` as addresses: whoever means one writes all four bytes.
  const isRewritten = given.includes('%') || (host !== null && IPV4.test(host) && host !== given);
  if (host === null || isRewritten || !HOST_NAME.test(host))
    return report('host: expected a host name or an IP address');
  return host;
}

/** Lower case, A-labels (UTS 46), IPv6 in its one canonical form. */
function canonicalHost(given: string): string | null {
  try {
    return new URL(`http://${given}/`).hostname;
  } catch {
    return null;
  }
}

function readClear(tls: string | undefined, implicit: boolean, report: Report): boolean {
  if (tls === undefined) return false;
  if (tls !== 'none') report('tls: the only value is "none"; leave it out for TLS');
  else if (implicit) report('tls: none contradicts smtps://');
  return tls === 'none' && !implicit;
}

function readCredentials(given: string | undefined, report: Report): RelayConfig['credentials'] {
  if (given === undefined || given === '') return null;
  const colon = given.indexOf(':');
  const user = decode(colon === -1 ? given : given.slice(0, colon));
  const pass = colon === -1 ? '' : decode(given.slice(colon + 1));
  if (user === null || pass === null)
    return report('credentials: a % that is not an escape; write it as %25');
  if (user === '' || pass === '') return report('credentials: expected user:password');
  if (/\p{Cc}/u.test(user + pass)) return report('credentials: control characters are not possible');
  return { user, pass };
}

function readEndpoints(call: {
  readonly host: string;
  readonly own: Security;
  readonly given: string | undefined;
  readonly list: string | undefined;
  readonly report: Report;
}): readonly Endpoint[] {
  const { host, own, given, list, report } = call;
  const first = given === undefined || given === '' ? null : readPort(given, 'port', report);
  const listed = list?.split(',').map((port) => readPort(port.trim(), 'ports', report)) ?? [];
  if (new Set(listed).size !== listed.length) report('ports: a port is given twice');
  const usual = own === 'implicit' ? IMPLICIT_TLS_PORT : SUBMISSION_PORT;
  const ports = new Set([...(first === null ? [] : [first]), ...listed.filter((port) => port !== null)]);
  if (ports.size === 0) ports.add(usual);
  return [...ports].map((port) => ({
    host,
    port,
    security: securityOf(port, { own, isOwn: port === first }),
  }));
}

/** The URL's own port is used as its scheme says. Of the listed ones 465 means TLS from the first byte (RFC 8314 §3.3). */
function securityOf(
  port: number,
  { own, isOwn }: { readonly own: Security; readonly isOwn: boolean },
): Security {
  if (isOwn) return own;
  if (port === IMPLICIT_TLS_PORT) return 'implicit';
  return own === 'none' ? 'none' : 'starttls';
}

function readPort(given: string, key: string, report: Report): number | null {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  return port >= 1 && port <= 65_535 ? port : report(`${key}: expected numbers from 1 to 65535`);
}

function readName(given: string | undefined, report: Report): string | null {
  if (given === undefined) return null;
  if (given === RESERVED_NAME) return report(`name: "${RESERVED_NAME}" is reserved`);
  const isName = given.length <= MAX_NAME_LENGTH && /^[a-z0-9-]+$/.test(given);
  return isName ? given : report(`name: expected 1 to ${MAX_NAME_LENGTH} characters of a-z, 0-9 and "-"`);
}

function readNumber(
  given: string | undefined,
  key: string,
  { most, whole, report }: { readonly most: number; readonly whole: boolean; readonly report: Report },
): number | null {
  if (given === undefined) return null;
  const number = (whole ? /^\d{1,6}$/ : /^\d{1,6}(?:\.\d{1,6})?$/).test(given) ? Number(given) : 0;
  if (number > 0 && number <= most) return number;
  return report(`${key}: expected a ${whole ? 'whole ' : ''}number over 0, at most ${most}`);
}

/** Rows are bound to relays by name, so a name depends on the host alone, not on the place in the list. */
function giveNames(relays: readonly RelayConfig[]): NamedRelays {
  const taken = new Set<string>();
  const problems: string[] = [];
  for (const { name } of relays) {
    if (name !== '' && taken.has(name)) problems.push(`name: "${name}" is given to two relays`);
    taken.add(name);
  }
  const named = relays.map((relay) => {
    if (relay.name !== '') return relay;
    const host = relay.endpoints[0]?.host ?? '';
    const base =
      host
        .replaceAll(/[^a-z0-9]+/g, '-')
        .replaceAll(/^-|-$/g, '')
        .slice(0, MAX_NAME_LENGTH - 4) || 'relay';
    let name = base === RESERVED_NAME ? `${base}-1` : base;
    for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
    taken.add(name);
    return { ...relay, name };
  });
  return { relays: named, problems };
}

type NamedRelays = { readonly relays: readonly RelayConfig[]; readonly problems: readonly string[] };

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isIpLiteral(host: string): boolean {
  return IPV4.test(host) || host.includes(':');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
