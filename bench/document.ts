import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MISSED } from './missed.ts';
import { PARTS } from './parts.ts';
import { isMet, rounded, type Target } from './report.ts';
import type { Run } from './run-record.ts';
import { tableOf } from './table.ts';

const DOCS = join(import.meta.dirname, '../docs');
/** The run that the page shows. */
const RECORD = join(DOCS, 'performance.json');
export const DOCUMENT = join(DOCS, 'performance.md');
const OPENING = '<!-- figures: printed by `npm run bench -- --document` -->\n';
const CLOSING = '<!-- /figures -->';

/** A part that was not run again stays as it was. */
export async function recordRun(runs: readonly Run[]): Promise<void> {
  const all = new Map([...(await readRecord()), ...runs].map((run) => [run.part, run]));
  const inOrder = PARTS.flatMap(({ name }) => all.get(name) ?? []);
  await writeFile(RECORD, `${JSON.stringify({ bench: inOrder }, null, 2)}\n`);
  await printDocument();
}

export async function printDocument(): Promise<void> {
  await writeFile(DOCUMENT, await documentText());
}

/** The page as it should be: what is written by hand stays, the figures are those of the record. */
export async function documentText(): Promise<string> {
  const page = await readFile(DOCUMENT, 'utf8');
  const begin = page.indexOf(OPENING);
  const end = page.indexOf(CLOSING);
  if (begin === -1 || end < begin) throw new Error('docs/performance.md has no place for the figures');
  return `${page.slice(0, begin)}${OPENING}\n${figuresText(await readRecord())}\n${page.slice(end)}`;
}

async function readRecord(): Promise<readonly Run[]> {
  const text = await readFile(RECORD, 'utf8').catch(() => '{"bench":[]}');
  return JSON.parse(text).bench;
}

function figuresText(runs: readonly Run[]): string {
  return runs.map(runText).join('\n');
}

function runText(run: Run): string {
  const { title, rows, targets, notes, command, date, machine, rounds, seconds } = run;
  const missed = targets.filter((target) => !isMet(target));
  const reasons = missed.flatMap(({ target }) =>
    MISSED.filter(({ of }) => of.test(`${run.part}: ${target}`)),
  );
  return [
    `## ${title}`,
    '',
    ...notes.map((note) => `${note}\n`),
    ...tableOf(rows),
    '',
    '| Target | Wanted | Is | |',
    '| --- | --- | --- | --- |',
    ...targets.map(
      (target) =>
        `| ${target.target} | ${wanted(target)} | ${rounded(target.is)} | ${isMet(target) ? 'met' : '**missed**'} |`,
    ),
    '',
    ...[...new Set(reasons.map(({ because }) => because))].map((because) => `Missed: ${because}\n`),
    `\`${command}\`, ${date}, ${rounds} rounds, ${seconds} s. ${machine}.`,
    '',
  ].join('\n');
}

function wanted({ atLeast, atMost }: Target): string {
  return atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
}
