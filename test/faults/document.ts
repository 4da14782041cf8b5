import type { Circumstances } from '../support/parts-command.ts';
import { RecordedPage } from '../support/recorded-page.ts';
import { holds, type Report, upperBound } from './figure.ts';
import { PARTS } from './parts.ts';
import { printCount, printShare, printTarget } from './table.ts';

interface Run extends Report, Circumstances {
  /** Of its figures in the project's list. */
  readonly numbers: readonly number[];
  readonly machine: string;
}

/** docs/reliability.md. */
export const PAGE = new RecordedPage<Run>({
  name: 'reliability',
  command: 'faults',
  parts: Object.keys(PARTS),
  print: figuresText,
});

function figuresText(runs: readonly Run[]): string {
  const rows = runs.flatMap(({ numbers, figures, command, date, machine }) =>
    figures.map((figure) => [
      numbers.join(', '),
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
  return [...table, '', ...circumstances, ''].join('\n');
}
