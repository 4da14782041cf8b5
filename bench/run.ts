/**
 * How fast it is, and how large, beside what one would use instead.
 *
 *     npm run bench [-- --only NAME] [--short] [--json] [--record] [--document]
 *
 * `--record` keeps the run as the one that docs/performance.md shows; `--document` runs nothing and prints that page again.
 */
import { parseArgs } from 'node:util';
import { printDocument, recordRun } from './document.ts';
import { PARTS } from './parts.ts';
import { load, type Run, timed } from './run-record.ts';
import { textOf } from './table.ts';

/** However busy the machine is. Children die with us. */
const PART_WITHIN_MS = 15 * 60_000;
const ROUNDS = 5;
const SHORT_ROUNDS = 2;
const BUSY = 1;

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

if (options.document) await printDocument();
else process.exitCode = await runParts();

async function runParts(): Promise<number> {
  const { only, short: isShort } = options;
  const parts = PARTS.filter(({ name }) => only === undefined || name === only);
  if (parts.length === 0) {
    process.stderr.write(
      `There is no part ${only}; there are ${PARTS.map(({ name }) => name).join(', ')}.\n`,
    );
    return 1;
  }
  if (load() > BUSY)
    process.stderr.write(`The machine is busy (load ${load()}): the figures are not worth much.\n`);
  const runs: Run[] = [];
  for (const part of parts) {
    const deadline = setTimeout(() => {
      process.stderr.write(`${part.name} took too long.\n`);
      process.exit(1);
    }, PART_WITHIN_MS);
    const run = await timed(part, { isShort, rounds: isShort ? SHORT_ROUNDS : ROUNDS });
    clearTimeout(deadline);
    runs.push(run);
    if (!options.json) process.stdout.write(`${textOf(run)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ bench: runs }, null, 2)}\n`);
  if (options.record) await recordRun(runs);
  return 0;
}
