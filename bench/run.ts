/**
 * How fast it is, and how large, beside what one would use instead.
 *
 *     npm run bench [-- --only NAME] [--short] [--json] [--record] [--document]
 *
 * `--record` keeps the run as the one that docs/performance.md shows; `--document` runs nothing and prints that page again.
 */
import { runParts } from '../test/support/parts-command.ts';
import { PAGE } from './document.ts';
import { load, machine } from './machine.ts';
import { PARTS } from './parts.ts';
import { textOf } from './table.ts';

/** However busy the machine is. */
const PART_WITHIN_MS = 15 * 60_000;
const ROUNDS = 5;
const SHORT_ROUNDS = 2;
const BUSY = 1;

const runs = await runParts({
  command: 'bench',
  parts: PARTS.map(({ name }) => name),
  async run(part, isShort) {
    const rounds = isShort ? SHORT_ROUNDS : ROUNDS;
    const report = await PARTS.find(({ name }) => name === part)?.run({ isShort, rounds });
    if (report === undefined) throw new Error(`There is no part ${part}`);
    return { ...report, machine: machine(), rounds };
  },
  begin: warnWhenBusy,
  withinMs: PART_WITHIN_MS,
  print: textOf,
  page: PAGE,
});
process.exitCode = runs === null ? 1 : 0;

function warnWhenBusy(): void {
  if (load() > BUSY)
    process.stderr.write(`The machine is busy (load ${load()}): the figures are not worth much.\n`);
}
