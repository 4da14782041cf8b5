import { expect, test } from 'vitest';
import { PAGE } from './document.ts';

test('the page about reliability shows the run that was recorded; `npm run faults -- --document` prints it again', async () => {
  await expect(await PAGE.text()).toMatchFileSnapshot(PAGE.path);
});
