import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';

const YAML = new URL('../../../openapi.yaml', import.meta.url);

/** What is deployed beside the Worker: `.wrangler/` holds what is made by tools and is never committed. */
const DOCUMENTS = new URL('../../../.wrangler/documents/', import.meta.url);

/** Prints openapi.yaml as JSON for the Worker: the parser would weigh more than the document. */
export async function printDocuments(): Promise<void> {
  const yaml = await readFile(YAML, 'utf8');
  await mkdir(DOCUMENTS, { recursive: true });
  await writeFile(new URL('openapi.yaml', DOCUMENTS), yaml);
  await writeFile(new URL('openapi.json', DOCUMENTS), JSON.stringify(parse(yaml)));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await printDocuments();
}
