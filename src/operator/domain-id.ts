import type { Digest } from './digest.ts';

/**
 * The id under which a domain of DOMAINS is known: a UUID (version 8, RFC 9562 §5.8) made of its name, so that a key bound
 * to it stays bound when the list changes its order, on either host.
 */
export function domainId(name: string, digest: Digest): string {
  const hex = digest(`mailwright domain ${name}`);
  // The two bits of the variant, before the two that are left of this digit.
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20)];
  return [...groups, hex.slice(20, 32)].join('-');
}
