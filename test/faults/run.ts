/**
 * What survives: the real process, killed and stopped in the middle of its work, against servers that fail; and the tests of
 * the rooms that prove a figure by themselves.
 *
 *     npm run faults [-- --only NAME] [--short] [--json] [--record] [--document]
 *
 * Ends with 0 when every figure holds. `--record` keeps the run as the one that docs/reliability.md shows; `--document`
 * runs nothing and prints that page again.
 */
import { parseArgs } from 'node:util';
import { printDocument, recordRun } from './document.ts';
import { holds } from './figure.ts';
import { PARTS } from './parts.ts';
import { type Run, timed } from './run-record.ts';
import { printTable } from './table.ts';

/** However busy the machine is. Children die with us. */
const PART_WITHIN_MS = 90 * 60_000;

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
else process.exitCode = (await runParts()) ? 0 : 1;

async function runParts(): Promise<boolean> {
  const names = options.only === undefined ? Object.keys(PARTS) : [options.only];
  const runs: Run[] = [];
  for (const name of names) {
    const part = PARTS[name];
    if (part === undefined) {
      process.stderr.write(`There is no part ${name}; there are ${Object.keys(PARTS).join(', ')}.\n`);
      return false;
    }
    const deadline = setTimeout(() => process.exit(1), PART_WITHIN_MS);
    const run = await timed(part, options.short);
    clearTimeout(deadline);
    runs.push(run);
    if (!options.json) process.stdout.write(`${printTable(run)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ faults: runs }, null, 2)}\n`);
  if (options.record) await recordRun(runs);
  return runs.every(({ figures }) => figures.every(holds));
}
