import { createHash } from 'node:crypto';

/** Sixteen bytes of the digest of the name behind this word: the id of a domain is not that of anything else. */
const NAMESPACE = 'mailwright sender domain\n';

/**
 * The id of a domain of DOMAINS: made from its name alone, so that it stays over restarts, deployments and hosts, and a
 * key's `domain_id` goes on naming it. A version 8 UUID (RFC 9562 §5.8).
 */
export function domainId(name: string): string {
  const bytes = createHash('sha256').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
