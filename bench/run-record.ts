import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Part, Report, Scale } from './report.ts';

/** A report, and the circumstances of its making. */
export interface Run extends Report {
  readonly command: string;
  /** The day, as 2026-11-24. */
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
}

const GIB = 1024 ** 3;

export async function timed({ name, run }: Part, scale: Scale): Promise<Run> {
  const date = new Date().toISOString().slice(0, 10);
  const since = performance.now();
  const report = await run(scale);
  return {
    ...report,
    command: `npm run bench -- --only ${name}${scale.isShort ? ' --short' : ''}`,
    date,
    machine: machine(),
    rounds: scale.rounds,
    seconds: Math.round((performance.now() - since) / 1_000),
  };
}

function machine(): string {
  const all = cpus();
  const model = all[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown';
  const memory = Math.round(totalmem() / GIB);
  return `${all.length} × ${model}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.versions.node}, SQLite ${sqlite()}`;
}

/** Node names the SQLite that it was built with. */
function sqlite(): string {
  return process.versions['sqlite'] ?? 'unknown';
}

/** One minute's load of the machine, where it is told: figures of a busy machine are worth little. */
export function load(): number {
  try {
    return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
  } catch {
    return Number.NaN;
  }
}
