import { availableParallelism } from 'node:os';
import type { Report } from './figure.ts';
import type { Part } from './parts.ts';

/** A report, and the circumstances of its making. */
export interface Run extends Report {
  /** Of its figures in the project's list; not in records of an earlier form. */
  readonly numbers?: readonly number[];
  readonly command: string;
  /** The day, as 2026-11-24. */
  readonly date: string;
  readonly machine: string;
  readonly seconds: number;
}

export async function timed({ numbers, long, short }: Part, isShort: boolean): Promise<Run> {
  const date = new Date().toISOString().slice(0, 10);
  const since = performance.now();
  const report = await (isShort ? short() : long());
  return {
    numbers,
    ...report,
    command: `npm run faults -- --only ${report.part}${isShort ? ' --short' : ''}`,
    date,
    machine: `${availableParallelism()} cores, Node ${process.versions.node}, ${process.platform}`,
    seconds: Math.round((performance.now() - since) / 1000),
  };
}
