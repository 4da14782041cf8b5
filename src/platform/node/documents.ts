import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Parts } from '../../http/parts.ts';

/** The committed `openapi.yaml` as it is, and the same as JSON. Printing it anew would need a development dependency. */
export function readDocuments(): Parts['documents'] {
  const yaml = readFileSync(new URL('../../../openapi.yaml', import.meta.url), 'utf8');
  const json = JSON.stringify(parse(yaml));
  return { yaml: async () => yaml, json: async () => json };
}
