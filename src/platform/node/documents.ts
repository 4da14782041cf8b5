import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The committed `openapi.yaml` as it is, and the same as JSON. Printing it anew would need a development dependency. */
export function readDocuments(): { readonly yaml: string; readonly json: string } {
  const yaml = readFileSync(new URL('../../../openapi.yaml', import.meta.url), 'utf8');
  return { yaml, json: JSON.stringify(parse(yaml)) };
}
