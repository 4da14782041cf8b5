import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SenderDomain } from '../../http/parts.ts';
import { domainId } from '../../operator/domain-id.ts';
import { sha256 } from './hasher.ts';

/** The moments since which the domains are known, kept in the data folder: they came from no request that could say. */
export function knownDomains(parts: {
  readonly dataDir: string;
  readonly names: readonly string[];
  readonly now: number;
}): readonly SenderDomain[] {
  const path = join(parts.dataDir, 'domains.json');
  const before = readKnown(path);
  const domains = [...new Set(parts.names)].map((name) => ({
    id: domainId(name, sha256),
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
