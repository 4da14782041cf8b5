import type { Parts } from '../../http/parts.ts';

/** The API document, which is deployed beside the Worker: in it, both spellings would be a sixth of what each start loads. */
export function deployedDocuments(assets: Fetcher): Parts['documents'] {
  const text = (name: string) => async (): Promise<string> => {
    const answer = await assets.fetch(`https://documents.invalid/${name}`);
    if (!answer.ok) throw new Error(`${name} was not deployed: ${answer.status}`);
    return await answer.text();
  };
  return { yaml: text('openapi.yaml'), json: text('openapi.json') };
}
