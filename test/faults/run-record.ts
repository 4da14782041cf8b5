import { availableParallelism } from 'node:os';
import type { Report } from './figure.ts';

/** A report, and the circumstances of its making. */
export interface Run extends Report {
  readonly command: string;
  /** The day, as 2026-11-24. */
  readonly date: string;
  readonly machine: string;
  readonly seconds: number;
}

export async function timed(work: () => Promise<Report>, isShort: boolean): Promise<Run> {
  const date = new Date().toISOString().slice(0, 10);
  const since = performance.now();
  const report = await work();
  return {
    ...report,
    command: `npm run faults -- --only ${report.part}${isShort ? ' --short' : ''}`,
    date,
    machine: `${availableParallelism()} cores, Node ${process.versions.node}, ${process.platform}`,
    seconds: Math.round((performance.now() - since) / 1000),
  };
}
