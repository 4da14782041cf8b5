import { isMet, type Report, type Row, rounded } from './report.ts';

/** A table in Markdown: a column for every value that any row has. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const lines = rows.map(({ what, values }) => [what, ...columns.map((column) => printed(values[column]))]);
  return [['', ...columns], ['---', ...columns.map(() => '---:')], ...lines].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
}

/** For people at a terminal. */
export function textOf({ title, rows, targets, notes }: Report): string {
  return [
    title,
    ...tableOf(rows),
    ...targets.map((target) => {
      const { atLeast, atMost } = target;
      const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
      return `${isMet(target) ? 'met   ' : 'missed'} ${target.target}: ${rounded(target.is)} (${bound})`;
    }),
    ...notes,
    '',
  ].join('\n');
}

function printed(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : value.toLocaleString('en');
}
