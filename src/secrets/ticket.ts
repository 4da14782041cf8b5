import { fromBase64, toBase64 } from './base64.ts';

/** Longer than any of ours: what is longer is not even hashed. */
const MAX_TICKET = 2_048;

/** What a ticket says: short values that mean something to whoever wrote it. */
export type Claims = Readonly<Record<string, string | number | null>>;

export interface Tickets {
  /** @param until milliseconds since 1970 UTC: from that moment on it is refused. */
  issue(claims: Claims, until: number): Promise<string>;
  /** What was said; null for a ticket that is over, altered, another kind's or nobody's. */
  read(ticket: string, now: number): Promise<Claims | null>;
}

/**
 * Signed words for addresses that need no key: what was allowed, until when, and an HMAC over both as they stand in the text. One
 * key for each kind, so that a ticket for one thing opens no other.
 *
 * @param key asked for once, when the first ticket is written or read: deriving it takes a turn of the loop.
 */
export function createTickets(key: () => Promise<Uint8Array>): Tickets {
  let imported: Promise<Key> | null = null;
  const keyOnce = (): Promise<Key> => {
    imported ??= key().then((bytes) =>
      crypto.subtle.importKey('raw', new Uint8Array(bytes), { name: 'HMAC', hash: 'SHA-256' }, false, [
        'sign',
        'verify',
      ]),
    );
    return imported;
  };
  return {
    async issue(claims, until) {
      const said = urlSafe(new TextEncoder().encode(JSON.stringify({ ...claims, until })));
      const signature = await crypto.subtle.sign('HMAC', await keyOnce(), new TextEncoder().encode(said));
      return `${said}.${urlSafe(new Uint8Array(signature))}`;
    },
    async read(ticket, now) {
      const [said = '', signature = '', ...rest] = ticket.length > MAX_TICKET ? [] : ticket.split('.');
      const given = fromUrlSafe(signature);
      if (given === null || rest.length > 0) return null;
      const text = new TextEncoder().encode(said);
      // Compares in constant time.
      if (!(await crypto.subtle.verify('HMAC', await keyOnce(), given, text))) return null;
      const { until, ...claims } = JSON.parse(
        new TextDecoder().decode(fromUrlSafe(said) ?? new Uint8Array()),
      ) as Claims;
      return typeof until === 'number' && now < until ? claims : null;
    },
  };
}

/** Spelled without a name, because the two hosts have different names for it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** RFC 4648 §5, without padding. */
function urlSafe(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Null for another spelling of the same bytes: with one character changed, a ticket is another ticket. */
function fromUrlSafe(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const padding = '='.repeat((4 - (text.length % 4)) % 4);
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding);
}
