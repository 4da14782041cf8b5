/** Standard alphabet, padded (RFC 4648 §4). For short values: signatures, keys. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

const WELL_FORMED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Null for anything that is not the one spelling of some bytes: `atob` alone skips blanks, missing padding and unused bits. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!WELL_FORMED.test(text)) return null;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return toBase64(bytes) === text ? bytes : null;
}
