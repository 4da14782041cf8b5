import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SETTINGS } from '../src/operator/settings.ts';

const README = join(import.meta.dirname, '../README.md');
const OPENING = '<!-- settings: printed by `npm run readme` -->\n';
const CLOSING = '<!-- /settings -->';

/** Cells are divided by bars, so a bar inside one is written as an entity. */
const cell = (text: string): string => text.replaceAll('|', '&#124;');

test('the README shows every setting as the settings table has it; `npm run readme` prints it again', async () => {
  const readme = readFileSync(README, 'utf8');
  const begin = readme.indexOf(OPENING) + OPENING.length;
  const end = readme.indexOf(CLOSING);
  expect(begin).toBeGreaterThan(OPENING.length);
  expect(end).toBeGreaterThanOrEqual(begin);
  const rows = Object.entries(SETTINGS).map(
    ([name, { meaning, expected, byDefault }]) =>
      `| \`${name}\` | ${cell(meaning)} | ${cell(expected)} | ${cell(byDefault)} |`,
  );
  const table = ['| Setting | Meaning | Expected | Default |', '|---|---|---|---|', ...rows, ''].join('\n');
  await expect(`${readme.slice(0, begin)}${table}${readme.slice(end)}`).toMatchFileSnapshot(README);
});
