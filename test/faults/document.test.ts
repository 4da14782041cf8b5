import { expect, test } from 'vitest';
import { DOCUMENT, documentText } from './document.ts';

test('the page about reliability shows the run that was recorded; `npm run faults -- --document` prints it again', async () => {
  await expect(await documentText()).toMatchFileSnapshot(DOCUMENT);
});
