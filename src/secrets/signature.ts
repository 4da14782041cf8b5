import { fromBase64, toBase64 } from './base64.ts';

/** Standard Webhooks 1.0.0: a signing secret is `whsec_` and the base64 of its key. */
const PREFIX = 'whsec_';

/** The standard allows 24 to 64 bytes. As many as SHA-256 gives out. */
const KEY_BYTES = 32;

/** How far a sender's clock may be from ours, both ways, in seconds: what is older could be a recording. */
const TOLERANCE_SECONDS = 300;

/** Signatures in one header that are looked at: a list of thousands would be work for nothing. */
const MAX_SIGNATURES = 10;

/** Room for that many signatures, names and blanks; the rest of a longer header is not read. */
const MAX_HEADER_CHARACTERS = 1_024;

/** Both families: receivers look for the standard's names, or for those of the service that came before it. */
const FAMILIES = ['webhook', 'svix'] as const;

/** The id ends at the first dot of what is signed: with a dot of its own it could lend a part of itself to the time. */
const ID = /^[^\s.]{1,256}$/;
const TIMESTAMP = /^[0-9]{1,12}$/;

export function mintSecret(random: (size: number) => Uint8Array): string {
  return PREFIX + toBase64(random(KEY_BYTES));
}

/**
 * The headers of one signed call.
 *
 * @param timestamp seconds since 1970 UTC.
 * @param secrets newest first; each signs. Throws when one is no secret, or the id holds a dot.
 */
export async function sign({
  id,
  timestamp,
  body,
  secrets,
}: {
  readonly id: string;
  readonly timestamp: number;
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
}): Promise<Readonly<Record<string, string>>> {
  if (!ID.test(id)) throw new RangeError('Not an id that can be signed');
  const signed = signedBytes({ id, timestamp: String(timestamp), body });
  const signatures: string[] = [];
  for (const secret of secrets) {
    const key = await hmacKey(secret, 'sign');
    if (key === null) throw new RangeError('Not a signing secret');
    signatures.push(`v1,${toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', key, signed)))}`);
  }
  const values = { id, timestamp: String(timestamp), signature: signatures.join(' ') };
  return Object.fromEntries(
    FAMILIES.flatMap((family) =>
      Object.entries(values).map(([name, value]) => [`${family}-${name}`, value] as const),
    ),
  );
}

export type Verification =
  | { readonly ok: true; readonly id: string; readonly timestamp: number }
  /** `no_key`: nothing to verify with, which is our own fault and not the sender's. */
  | { readonly ok: false; readonly why: 'no_key' | 'headers' | 'timestamp' | 'signature' };

/**
 * Verifies the bytes as they came, before anybody parses them.
 *
 * @param header reads one header; null when it is not there.
 * @param now milliseconds since 1970 UTC.
 */
export async function verify({
  header,
  body,
  secrets,
  now,
}: {
  readonly header: (name: string) => string | null;
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
  readonly now: number;
}): Promise<Verification> {
  if (secrets.length === 0) return { ok: false, why: 'no_key' };
  const family = FAMILIES.find((name) => header(`${name}-signature`) !== null) ?? 'webhook';
  const [id, timestamp, list] = ['id', 'timestamp', 'signature'].map((name) => header(`${family}-${name}`));
  if (!id || !timestamp || !list || !ID.test(id)) return { ok: false, why: 'headers' };
  // Held to its spelling: what is signed is the text, and `1e9` or ` 1` would be read as a number by many.
  if (!TIMESTAMP.test(timestamp) || Math.abs(Number(timestamp) - now / 1000) > TOLERANCE_SECONDS) {
    return { ok: false, why: 'timestamp' };
  }
  const signed = signedBytes({ id, timestamp, body });
  for (const secret of secrets) {
    const key = await hmacKey(secret, 'verify');
    if (key === null) continue;
    for (const given of signaturesIn(list)) {
      // Compares in constant time.
      if (await crypto.subtle.verify('HMAC', key, given, signed)) {
        return { ok: true, id, timestamp: Number(timestamp) };
      }
    }
  }
  return { ok: false, why: 'signature' };
}

function signaturesIn(list: string): readonly Uint8Array<ArrayBuffer>[] {
  return list
    .slice(0, MAX_HEADER_CHARACTERS)
    .split(' ')
    .slice(0, MAX_SIGNATURES)
    .flatMap((entry) => (entry.startsWith('v1,') ? (fromBase64(entry.slice(3)) ?? []) : []));
}

function signedBytes(parts: {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${parts.id}.${parts.timestamp}.`);
  const whole = new Uint8Array(head.length + parts.body.length);
  whole.set(head);
  whole.set(parts.body, head.length);
  return whole;
}

/** Spelled without a name, because the two hosts have different names for it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Null when it is no secret, an empty one among them: an HMAC without a key is no proof of anything. */
async function hmacKey(secret: string, use: 'sign' | 'verify'): Promise<Key | null> {
  const key = fromBase64(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  if (key === null || key.length === 0) return null;
  return crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, [use]);
}
