import type { EgressDriver, Exchanged, Resolved } from '../../net/driver.ts';

/** Answers questions about names over HTTPS, as `application/dns-json`. */
export const DNS_OVER_HTTPS = 'https://cloudflare-dns.com/dns-query';

/** RFC 1035 §3.2.2, RFC 3596 §2.1. */
const TYPES = { A: 1, AAAA: 28 } as const;

type Fetch = (
  url: string,
  init: {
    readonly method?: string;
    readonly headers: Record<string, string>;
    readonly body?: Uint8Array | null;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/**
 * HTTP by the platform's `fetch`. It looks the name up a second time by itself and cannot be told where to connect, so what
 * is judged here is what the name leads to a moment before; addresses in URLs say nothing at all and are refused by the
 * policy (`literals: false`).
 *
 * What remains: a name whose answer changes within that moment reaches an address that was not judged. The platform itself
 * refuses loopback and private ranges, and `global_fetch_strictly_public` keeps us from reaching Workers of the same zone
 * by the back door; public addresses that only trust Cloudflare's network are not protected by this.
 */
export function createWorkersDriver(parts: {
  readonly fetch: Fetch;
  /** URL of a DNS-over-HTTPS server. */
  readonly dns: string;
}): EgressDriver {
  return {
    resolve: async ({ target, signal }) => {
      // A host the operator opened by name may be known to the platform alone.
      if (target.admits === 'any') return { ok: true, addresses: [] };
      // RFC 6761 §6.3: known without asking.
      if (/(?:^|\.)localhost$/.test(target.host)) return { ok: true, addresses: ['127.0.0.1', '::1'] };
      const ask = (type: keyof typeof TYPES) => askFor(target.host, { ...parts, type, signal });
      const [v4, v6] = await Promise.all([ask('A'), ask('AAAA')]);
      // Both have to be known: the platform may use either.
      const addresses = v4 === null || v6 === null ? [] : [...v4, ...v6];
      return addresses.length > 0 ? { ok: true, addresses } : NOT_FOUND;
    },
    exchange: ({ target, method, headers, body, signal }) =>
      exchanged({ url: target.url, method, headers, body, signal, fetch: parts.fetch }),
  };
}

const NOT_FOUND: Resolved = { ok: false, failure: { kind: 'dns' } };

/** Addresses of one kind; null when the question was not answered. */
async function askFor(
  host: string,
  call: {
    readonly fetch: Fetch;
    readonly dns: string;
    readonly type: keyof typeof TYPES;
    readonly signal: AbortSignal;
  },
): Promise<readonly string[] | null> {
  const { fetch } = call;
  const url = new URL(call.dns);
  url.searchParams.set('name', host);
  url.searchParams.set('type', call.type);
  try {
    const response = await fetch(url.href, {
      headers: { accept: 'application/dns-json' },
      redirect: 'manual',
      signal: call.signal,
    });
    return response.status === 200
      ? readAnswers((await response.json()) as DnsAnswer | null, TYPES[call.type])
      : null;
  } catch {
    return null;
  }
}

interface DnsAnswer {
  readonly Status?: unknown;
  readonly Answer?: unknown;
}

interface DnsRecord {
  readonly type?: unknown;
  readonly data?: unknown;
}

/** The records of one type behind all aliases. The aliases themselves, of another type, lead nowhere. */
function readAnswers(answer: DnsAnswer | null, type: number): readonly string[] | null {
  const records = answer?.Answer ?? [];
  if (answer?.Status !== 0 || !Array.isArray(records)) return null;
  return records
    .filter((record: DnsRecord | null) => record?.type === type)
    .map(({ data }: DnsRecord) => String(data));
}

async function exchanged(call: {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
}): Promise<Exchanged> {
  // The runtime's own `fetch` may not be called as a method of something else.
  const { fetch } = call;
  const closing = new AbortController();
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { ...call.headers },
      body: call.body,
      redirect: 'manual',
      signal: AbortSignal.any([call.signal, closing.signal]),
    });
    return {
      ok: true,
      status: response.status,
      headers: new Map(response.headers),
      body: piecesOf(response.body),
      close: () => closing.abort(),
    };
  } catch {
    // The runtime has one sentence for a closed port, a refused certificate and a broken answer.
    return { ok: false, failure: { kind: 'connect' } };
  }
}

async function* piecesOf(stream: Response['body']): AsyncGenerator<Uint8Array, void, undefined> {
  if (stream === null) return;
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}
