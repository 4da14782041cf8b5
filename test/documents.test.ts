import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { START_LINE } from './support/start-line.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).toSorted();
const LINK = /\]\(([^()\s]+)\)/g;
const FILE = /`((?:src|schemas|test|bench|docs)\/[\w./-]+)`/g;
const SCRIPT = /\bnpm run ([a-z][a-z:-]*)/g;

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const found = (text: string, what: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(what)].flatMap(([, part]) => part ?? [])),
];

/** The names that a page's headings have as places to link to. */
function placesOf(page: string): readonly string[] {
  return found(textOf(page), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isThere(from: string, link: string): boolean {
  const [path = '', place] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  return existsSync(join(ROOT, target)) && (place === undefined || placesOf(target).includes(place));
}

describe('What a page names is there', () => {
  test('there are pages to look at', () => {
    expect(DOCUMENTS.length).toBeGreaterThan(50);
    expect(isThere('README.md', 'docs/storage.md#emails')).toBe(true);
    expect(isThere('README.md', 'docs/storage.md#nothing')).toBe(false);
    expect(isThere('docs/storage.md', 'nothing.md')).toBe(false);
  });

  test.each(DOCUMENTS)('%s: links, files and commands', (page) => {
    const text = textOf(page);
    const links = found(text, LINK).filter((link) => !/^[a-z]+:/.test(link));
    const { scripts } = JSON.parse(textOf('package.json'));
    expect({
      links: links.filter((link) => !isThere(page, link)),
      files: found(text, FILE).filter((path) => !existsSync(join(ROOT, path))),
      commands: found(text, SCRIPT).filter((name) => scripts[name] === undefined),
    }).toEqual({ links: [], files: [], commands: [] });
  });
});

test('the unit of docs/operating.md starts what npm start starts', () => {
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(textOf('docs/operating.md')) ?? [];
  expect(line.split(' ').slice(1)).toEqual(START_LINE);
});
