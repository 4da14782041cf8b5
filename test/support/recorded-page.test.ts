import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordedPage } from './recorded-page.ts';

interface Run {
  readonly part: string;
  readonly count: number;
}

const BEFORE = '# Counts\n\n<!-- figures: printed by `npm run count -- --document` -->\n';
const AFTER = '<!-- /figures -->\n\nBy hand.\n';

let folder: string;
let page: RecordedPage<Run>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-page-'));
  const print = (runs: readonly Run[]) => runs.map(({ part, count }) => `${part}: ${count}\n`).join('');
  page = new RecordedPage<Run>({ name: 'counts', command: 'count', parts: ['a', 'b', 'c'], print }, folder);
});
afterEach(() => rm(folder, { recursive: true }));

function hold(text: string, runs: readonly Run[]): Promise<unknown> {
  return Promise.all([
    writeFile(page.path, text),
    writeFile(join(folder, 'counts.json'), JSON.stringify({ count: runs })),
  ]);
}

describe('A page with figures', () => {
  it('keeps what stands outside of its marks, and shows the kept runs between them', async () => {
    await hold(`${BEFORE}what was here before${AFTER}`, [{ part: 'a', count: 1 }]);
    await page.write();
    expect(await readFile(page.path, 'utf8')).toBe(`${BEFORE}\na: 1\n\n${AFTER}`);
    expect(await page.text()).toBe(await readFile(page.path, 'utf8'));
  });

  it('shows parts in their order, the newer run of each; what was not run again stays, what is no part goes', async () => {
    await hold(`${BEFORE}${AFTER}`, [
      { part: 'gone', count: 1 },
      { part: 'a', count: 2 },
      { part: 'b', count: 3 },
    ]);
    await page.keep([
      { part: 'c', count: 4 },
      { part: 'a', count: 5 },
    ]);
    expect(await readFile(page.path, 'utf8')).toBe(`${BEFORE}\na: 5\nb: 3\nc: 4\n\n${AFTER}`);
    expect(JSON.parse(await readFile(join(folder, 'counts.json'), 'utf8'))).toEqual({
      count: [
        { part: 'a', count: 5 },
        { part: 'b', count: 3 },
        { part: 'c', count: 4 },
      ],
    });
  });

  it.each(['# Counts\n', BEFORE, `${AFTER}${BEFORE}`])(
    'without both marks in order is not written over: %j',
    async (text) => {
      await hold(text, []);
      await expect(page.write()).rejects.toThrow('no place for the figures');
      expect(await readFile(page.path, 'utf8')).toBe(text);
    },
  );
});
