import { expect, test } from 'vitest';
import { openapiDocument } from '../../schemas/openapi.ts';
import { openDocuments } from '../../src/http/documents.ts';

test('a document that could not be read once is read again by the next who asks', async () => {
  let isAway = true;
  const documents = openDocuments({
    yaml: async () => '',
    json: async () => {
      if (isAway) throw new Error('the store of assets is away');
      return JSON.stringify(openapiDocument());
    },
  });
  await expect(documents('getDocs')).rejects.toThrow('away');
  isAway = false;
  expect(await documents('getDocs')).toMatchObject({ status: 200 });
});
