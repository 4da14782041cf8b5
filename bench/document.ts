import type { Circumstances } from '../test/support/parts-command.ts';
import { RecordedPage } from '../test/support/recorded-page.ts';
import { MISSED } from './missed.ts';
import { PARTS } from './parts.ts';
import { isMet, type Report, rounded, type Target } from './report.ts';
import { tableOf } from './table.ts';

interface Run extends Report, Circumstances {
  readonly machine: string;
  readonly rounds: number;
}

/** docs/performance.md. */
export const PAGE = new RecordedPage<Run>({
  name: 'performance',
  command: 'bench',
  parts: PARTS.map(({ name }) => name),
  print: (runs) => runs.map(runText).join('\n'),
});

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
