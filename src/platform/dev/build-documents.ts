import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';

const YAML = new URL('../../../openapi.yaml', import.meta.url);

/** Where the Worker imports it from, as text: `.wrangler/` holds what is made by tools and is never committed. */
const JSON_TEXT = new URL('../../../.wrangler/documents/openapi.json.txt', import.meta.url);

/** Prints openapi.yaml as JSON for the Worker: the parser would weigh more than the document. */
export async function printDocuments(): Promise<void> {
  const text = JSON.stringify(parse(await readFile(YAML, 'utf8')));
  await mkdir(new URL('.', JSON_TEXT), { recursive: true });
  await writeFile(JSON_TEXT, text);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await printDocuments();
}
