import type { Egress } from '../../net/egress.ts';
import { fromBase64 } from '../../secrets/base64.ts';
import { type CertificateKey, certificateKey } from './certificate-key.ts';
import { fetchFromSns, isSnsUrl } from './sns-fetch.ts';
import type { SnsMessage } from './sns-message.ts';

/** A certificate has some 2 kB, with its chain 8. */
const MAX_CERTIFICATE_BYTES = 64 * 1024;
/** One for each region and rotation; more are no longer those of the topics that are listened to. */
const MAX_CACHED = 16;
const CERTIFICATE_PATH = /^\/[A-Za-z0-9._-]{1,200}\.pem$/;
const HASHES = { 1: 'SHA-1', 2: 'SHA-256' } as const;

export type SnsVerdict = 'right' | 'wrong' | 'unavailable';

/**
 * Verifies what SNS signed (RSA, PKCS #1 v1.5) with the certificate it names. The name must lead to SNS itself: no query, since
 * there are calls of its API that answer with a caller's words.
 */
export class SnsSignatures {
  readonly #egress: Egress;
  readonly #keys = new Map<string, CertificateKey>();

  constructor(egress: Egress) {
    this.#egress = egress;
  }

  /** @param now milliseconds since 1970 UTC. */
  async judge(message: SnsMessage, now: number): Promise<SnsVerdict> {
    const signature = fromBase64(message.signature);
    const url = message.signingCertUrl;
    if (signature === null || !isSnsUrl(url) || !isCertificateUrl(url)) return 'wrong';
    const key = this.#keys.get(url) ?? (await this.#keyAt(url));
    if (key === null) return 'unavailable';
    if (now < key.notBefore || now > key.notAfter) return 'wrong';
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: HASHES[message.signatureVersion] };
    const imported = await importedKey(key, algorithm);
    if (imported === null) return 'wrong';
    const signed = new TextEncoder().encode(message.signed);
    return (await crypto.subtle.verify(algorithm.name, imported, signature, signed)) ? 'right' : 'wrong';
  }

  async #keyAt(url: string): Promise<CertificateKey | null> {
    const fetched = await fetchFromSns(this.#egress, { url, maxBytes: MAX_CERTIFICATE_BYTES });
    const key = fetched === null ? null : certificateKey(fetched);
    if (key === null) return null;
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= MAX_CACHED && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(url, key);
    return key;
  }
}

function isCertificateUrl(url: string): boolean {
  const { pathname, search, hash } = new URL(url);
  return CERTIFICATE_PATH.test(pathname) && search === '' && hash === '';
}

/** Spelled without a name, because the two hosts have different names for it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Null for a key that is not RSA: a certificate of SNS has never had another. */
async function importedKey(
  { spki }: CertificateKey,
  algorithm: { readonly name: string; readonly hash: string },
): Promise<Key | null> {
  try {
    return await crypto.subtle.importKey('spki', spki, algorithm, false, ['verify']);
  } catch {
    return null;
  }
}
