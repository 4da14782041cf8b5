const KEY_BITS = 256;

/** What each key is for. One purpose, one key: what one is used for says nothing about another. */
export type Purpose =
  | 'webhook secrets'
  | 'download links'
  | 'upload links'
  | 'return paths'
  | 'unsubscribe links'
  | 'inbound links'
  | 'forwarding loops';

/** A key of 32 bytes for one purpose, made from SECRET_KEY (HKDF, RFC 5869). The same on both hosts. */
export async function deriveKey({
  secret,
  purpose,
}: {
  readonly secret: string;
  readonly purpose: Purpose;
}): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const base = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits']);
  const algorithm = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(`mailwright ${purpose}`),
  };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, base, KEY_BITS));
}
