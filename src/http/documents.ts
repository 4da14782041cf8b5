import type { Outgoing } from './answer.ts';
import type { DocumentId } from './context.ts';
import { type DocsPage, docsPage } from './docs-page.ts';
import type { Parts } from './parts.ts';

export type Documents = (id: DocumentId) => Promise<Outgoing>;

/** What describes the API, in three forms of the same table. The page is rendered when it is first asked for. */
export function openDocuments({ yaml, json }: Parts['documents']): Documents {
  let page: DocsPage | null = null;
  return async (id) => {
    switch (id) {
      case 'getOpenapiYaml':
        return { status: 200, bytes: await yaml() };
      case 'getOpenapiJson':
        return { status: 200, json: await json() };
      case 'getDocs': {
        page ??= await docsPage(JSON.parse(await json()));
        const { html, headers } = page;
        return { status: 200, bytes: html, headers };
      }
    }
  };
}
