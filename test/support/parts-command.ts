import { parseArgs } from 'node:util';
import type { RecordedPage } from './recorded-page.ts';

/** By what, when and for how long a part was run. */
export interface Circumstances {
  readonly command: string;
  /** The day, as 2026-11-24. */
  readonly date: string;
  readonly seconds: number;
}

type Run<Report> = Report & Circumstances;

interface Parts<Report extends { readonly part: string }> {
  /** `npm run COMMAND`; the runs stand under this name in its JSON. */
  readonly command: string;
  readonly parts: readonly string[];
  /** Before the first part. */
  readonly begin?: () => void;
  readonly run: (part: string, isShort: boolean) => Promise<Report>;
  /** However busy the machine is. Children die with us. */
  readonly withinMs: number;
  /** For a terminal. */
  readonly print: (run: Run<Report>) => string;
  readonly page: RecordedPage<Run<Report>>;
}

/**
 * What the commands that make figures understand: `--only NAME`, `--short`, `--json`; `--record` keeps the run as the one that
 * the page shows, `--document` runs nothing and prints that page again.
 *
 * @returns the runs; null when there is no such part.
 */
export async function runParts<Report extends { readonly part: string }>(
  asked: Parts<Report>,
): Promise<readonly Run<Report>[] | null> {
  const { command, parts, withinMs, print, page } = asked;
  const { values: options } = parseArgs({
    options: {
      only: { type: 'string' },
      short: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      document: { type: 'boolean', default: false },
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  if (options.document) {
    await page.write();
    return [];
  }
  const { only, short: isShort } = options;
  if (only !== undefined && !parts.includes(only)) {
    process.stderr.write(`There is no part ${only}; there are ${parts.join(', ')}.\n`);
    return null;
  }
  asked.begin?.();
  const runs: Run<Report>[] = [];
  for (const part of only === undefined ? parts : [only]) {
    const deadline = setTimeout(() => {
      process.stderr.write(`${part} took too long.\n`);
      process.exit(1);
    }, withinMs);
    const run = await timed(asked, part, isShort);
    clearTimeout(deadline);
    runs.push(run);
    if (!options.json) process.stdout.write(`${print(run)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ [command]: runs }, null, 2)}\n`);
  if (options.record) await page.keep(runs);
  return runs;
}

async function timed<Report extends { readonly part: string }>(
  { command, run }: Parts<Report>,
  part: string,
  isShort: boolean,
): Promise<Run<Report>> {
  const date = new Date().toISOString().slice(0, 10);
  const since = performance.now();
  const report = await run(part, isShort);
  return {
    ...report,
    command: `npm run ${command} -- --only ${part}${isShort ? ' --short' : ''}`,
    date,
    seconds: Math.round((performance.now() - since) / 1_000),
  };
}
