import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SenderDomain } from '../../http/parts.ts';

/**
 * The id under which a domain of DOMAINS is known: a UUID (version 8, RFC 9562 §5.8) made of its name, so that a key bound
 * to it stays bound when the list changes its order, on either host.
 */
export function domainId(name: string): string {
  const bytes = createHash('sha256').update(`mailwright domain ${name}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The moments since which the domains are known, kept in the data folder: they came from no request that could say. */
export function knownDomains(parts: {
  readonly dataDir: string;
  readonly names: readonly string[];
  readonly now: number;
}): readonly SenderDomain[] {
  const path = join(parts.dataDir, 'domains.json');
  const before = readKnown(path);
  const domains = [...new Set(parts.names)].map((name) => ({
    id: domainId(name),
    name,
    createdAt: before[name] ?? parts.now,
  }));
  const now = { ...before, ...Object.fromEntries(domains.map(({ name, createdAt }) => [name, createdAt])) };
  if (Object.keys(now).length > Object.keys(before).length) {
    writeFileSync(`${path}.new`, JSON.stringify(now));
    renameSync(`${path}.new`, path);
  }
  return domains;
}

function readKnown(path: string): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
  } catch {
    // Not there yet, or damaged: the moments are only shown, nothing depends on them.
    return {};
  }
}
