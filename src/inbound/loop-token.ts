/** Of the HMAC, in hex: 128 bits. */
const TOKEN_LENGTH = 32;

/**
 * What an account writes into `LOOP_HEADER`: the same at every forward, so that it knows its own again; to others it says nothing,
 * and another installation has another one for an account of the same name.
 *
 * @param key 32 bytes that are used for this alone
 */
export function createLoopTokens(key: () => Promise<Uint8Array>): (account: string) => Promise<string> {
  let imported: Promise<Key> | null = null;
  return async (account) => {
    imported ??= key().then((bytes) =>
      crypto.subtle.importKey('raw', new Uint8Array(bytes), { name: 'HMAC', hash: 'SHA-256' }, false, [
        'sign',
      ]),
    );
    const mac = await crypto.subtle.sign('HMAC', await imported, new TextEncoder().encode(account));
    const hex = Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, '0'));
    return hex.join('').slice(0, TOKEN_LENGTH);
  };
}

/** Spelled without a name, because the two hosts have different names for it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
