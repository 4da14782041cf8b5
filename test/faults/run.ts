/**
 * What survives: the real process, killed and stopped in the middle of its work, against servers that fail; and the tests of
 * the rooms that prove a figure by themselves.
 *
 *     npm run faults [-- --only NAME] [--short] [--json] [--record] [--document]
 *
 * Ends with 0 when every figure holds. `--record` keeps the run as the one that docs/reliability.md shows; `--document`
 * runs nothing and prints that page again.
 */
import { availableParallelism } from 'node:os';
import { runParts } from '../support/parts-command.ts';
import { PAGE } from './document.ts';
import { holds } from './figure.ts';
import { PARTS } from './parts.ts';
import { printTable } from './table.ts';

/** However busy the machine is. */
const PART_WITHIN_MS = 90 * 60_000;

const runs = await runParts({
  command: 'faults',
  parts: Object.keys(PARTS),
  async run(name, isShort) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`There is no part ${name}`);
    const report = await (isShort ? part.short() : part.long());
    return { numbers: part.numbers, ...report, machine: machine() };
  },
  withinMs: PART_WITHIN_MS,
  print: printTable,
  page: PAGE,
});
process.exitCode = runs?.every(({ figures }) => figures.every(holds)) ? 0 : 1;

function machine(): string {
  return `${availableParallelism()} cores, Node ${process.versions.node}, ${process.platform}`;
}
