import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { THREATS } from './rows.ts';

const TEST_FOLDER = join(import.meta.dirname, '..');
const DOCUMENT = join(import.meta.dirname, '../../docs/threats.md');

/** `§3 r5` to the files that name it. */
function namedRows(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(TEST_FOLDER, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('threats/')) continue;
    for (const [, section, rows] of readFileSync(join(TEST_FOLDER, file), 'utf8').matchAll(
      /threats §(\d+) (r\d+(?:, r\d+)*)/g,
    )) {
      for (const row of (rows ?? '').split(', ')) {
        const key = `§${section} ${row}`;
        const files = found.get(key) ?? [];
        if (!files.includes(file)) files.push(file);
        found.set(key, files);
      }
    }
  }
  return found;
}

function printed(named: ReadonlyMap<string, readonly string[]>): string {
  const lines = [
    '# Threats and their tests',
    '',
    'Printed by `npm run threats` from `test/threats/rows.ts` and the names of the tests. A row without a test says why.',
  ];
  for (const [section, { title, rows }] of Object.entries(THREATS)) {
    lines.push(
      '',
      `## ${section}. ${title}`,
      '',
      '| Row | Input | Outcome | Tested in |',
      '|---|---|---|---|',
    );
    rows.forEach((row, index) => {
      const files = named.get(`§${section} r${index + 1}`);
      const where =
        files
          ?.toSorted()
          .map((file) => `\`test/${file}\``)
          .join(' ') ?? `**none**: ${row.untested}`;
      lines.push(`| ${index + 1} | ${row.input} | ${row.outcome} | ${where} |`);
    });
  }
  return `${lines.join('\n')}\n`;
}

test('every row of the threat list has a test, or says why it has none', () => {
  const named = namedRows();
  const missing: string[] = [];
  for (const [section, { rows }] of Object.entries(THREATS)) {
    rows.forEach((row, index) => {
      const key = `§${section} r${index + 1}`;
      if (!named.has(key) && row.untested === undefined) missing.push(`${key}: ${row.input}`);
    });
  }
  expect(missing).toEqual([]);
});

test('no test names a row that the threat list does not have', () => {
  const known = new Set(
    Object.entries(THREATS).flatMap(([section, { rows }]) =>
      rows.map((_, index) => `§${section} r${index + 1}`),
    ),
  );
  const sections = new Set(Object.keys(THREATS));
  const strangers = [...namedRows().keys()].filter(
    (key) => sections.has(key.slice(1, key.indexOf(' '))) && !known.has(key),
  );
  expect(strangers).toEqual([]);
});

test('docs/threats.md is what `npm run threats` prints', async () => {
  await expect(printed(namedRows())).toMatchFileSnapshot(DOCUMENT);
});
