import { fromBase64, toBase64 } from './base64.ts';

/** AES-GCM with a random nonce of 96 bits: 2^32 sealings under one key are safe (NIST SP 800-38D §8.3). */
const NONCE_BYTES = 12;

/** Leads every sealed text, so that another way of sealing can be told from this one. */
const FORM = 'v1.';

/** Keeps secrets that are stored in a database from whoever reads only the database. */
export interface Sealer {
  /** @param about what the secret belongs to, such as an id: a sealed text that was moved elsewhere does not open. */
  seal(secret: string, about: string): Promise<string>;
  /** Null when it was sealed with another key or for something else, or was changed. */
  open(sealed: string, about: string): Promise<string | null>;
}

/** Spelled without a name, because the two hosts have different names for it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** @param key 32 bytes that are used for this alone. */
export function createSealer(key: Uint8Array<ArrayBuffer>): Sealer {
  // Imported when it is first needed: on Workers nothing asynchronous may run while a module loads.
  let imported: Promise<Key> | null = null;
  const aes = (): Promise<Key> => {
    imported ??= crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
    return imported;
  };
  return {
    async seal(secret, about) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const hidden = await crypto.subtle.encrypt(
        terms(nonce, about),
        await aes(),
        new TextEncoder().encode(secret),
      );
      return `${FORM}${toBase64(nonce)}.${toBase64(new Uint8Array(hidden))}`;
    },
    async open(sealed, about) {
      const [nonce, hidden, ...rest] = sealed.startsWith(FORM)
        ? sealed.slice(FORM.length).split('.').map(fromBase64)
        : [];
      if (nonce?.length !== NONCE_BYTES || hidden === undefined || hidden === null || rest.length > 0) {
        return null;
      }
      try {
        const secret = await crypto.subtle.decrypt(terms(nonce, about), await aes(), hidden);
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(secret);
      } catch {
        return null;
      }
    },
  };
}

function terms(iv: Uint8Array<ArrayBuffer>, about: string) {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(about) };
}
