import type { Report } from './figure.ts';
import { playOnNode } from './matrix-node.ts';
import { allCells } from './matrix-table.ts';
import { prove } from './proof.ts';

const FIGURE = 'fault cells with another state, other attempts or other events than the table says';

/** Every step of SMTP and every fault, on each kind of port and on both hosts. In short: a part of them, on Node. */
export async function matrix({ isLong }: { readonly isLong: boolean }): Promise<Report> {
  // Waits of hours are told, so the short form leaves out only what is slow: bodies larger than any socket buffers.
  const cells = allCells().filter(({ step }) => isLong || step !== 'body');
  const evidence: string[] = [];
  for (const cell of cells) {
    const wrong = await playOnNode(cell);
    if (wrong !== null) evidence.push(wrong);
  }
  const onNode = {
    figure: `${FIGURE}, on Node`,
    seen: evidence.length,
    of: cells.length,
    unit: 'cells',
    atMost: 0,
  };
  if (!isLong) return { part: 'matrix', figures: [onNode], facts: {}, evidence };
  const files = ['test/workers/inside/fault-matrix.ts'];
  const claim = { figure: `${FIGURE}, on Workers`, unit: 'cells', files, config: 'vitest.matrix.config.ts' };
  const onWorkers = await prove('matrix', { claims: [claim], isLong });
  return {
    part: 'matrix',
    figures: [onNode, ...onWorkers.figures],
    facts: {},
    evidence: [...evidence, ...onWorkers.evidence],
  };
}
