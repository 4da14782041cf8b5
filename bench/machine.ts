import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

const GIB = 1024 ** 3;

/** What the figures were made on, in words. */
export function machine(): string {
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
