import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { holds, upperBound } from './figure.ts';
import { PARTS } from './parts.ts';
import type { Run } from './run-record.ts';
import { printCount, printShare, printTarget } from './table.ts';

const DOCS = join(import.meta.dirname, '../../docs');
/** The run that the page shows. */
const RECORD = join(DOCS, 'reliability.json');
export const DOCUMENT = join(DOCS, 'reliability.md');
const OPENING = '<!-- figures: printed by `npm run faults -- --document` -->\n';
const CLOSING = '<!-- /figures -->';

/** A part that was not run again stays as it was. */
export async function recordRun(runs: readonly Run[]): Promise<void> {
  const all = new Map([...(await readRecord()), ...runs].map((run) => [run.part, run]));
  const inOrder = Object.keys(PARTS).flatMap((part) => all.get(part) ?? []);
  await writeFile(RECORD, `${JSON.stringify({ faults: inOrder }, null, 2)}\n`);
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
  if (begin === -1 || end < begin) throw new Error('docs/reliability.md has no place for the figures');
  return page.slice(0, begin) + OPENING + figuresText(await readRecord()) + page.slice(end);
}

async function readRecord(): Promise<readonly Run[]> {
  return JSON.parse(await readFile(RECORD, 'utf8')).faults;
}

function figuresText(runs: readonly Run[]): string {
  const rows = runs.flatMap(({ part, figures, command, date, machine }) =>
    figures.map((figure) => [
      PARTS[part]?.numbers.join(', ') ?? '',
      figure.figure,
      `${printCount(figure.of)} ${figure.unit}`,
      printCount(figure.seen),
      `${printShare(upperBound(figure))}`,
      printTarget(figure),
      holds(figure) ? 'yes' : '**no**',
      `\`${command}\``,
      date,
      machine,
    ]),
  );
  const head = [
    'No.',
    'What must not happen',
    'n',
    'Seen',
    '95 % bound',
    'Target',
    'Met',
    'Command',
    'Date',
    'Machine',
  ];
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const circumstances = runs.map(({ part, seconds, facts }) => {
    const told = Object.entries(facts).map(([what, count]) => `${what} ${printCount(count)}`);
    const took = `- \`${part}\` took ${printCount(seconds)} s`;
    return told.length === 0 ? `${took}.` : `${took}: ${told.join('; ')}.`;
  });
  return ['', ...table, '', ...circumstances, '', ''].join('\n');
}
