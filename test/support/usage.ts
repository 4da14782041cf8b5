import { readFile, writeFile } from 'node:fs/promises';

/** Of `/proc/<pid>/stat`: USER_HZ is 100 on every Linux. */
const TICK_MS = 10;
const UTIME_FIELD = 11;
const KIB = 1024;

/** What a process holds, in bytes; NaN where the system does not tell. */
export interface Held {
  readonly resident: number;
  /** The most there was since `forgetPeak`. */
  readonly peak: number;
  /** Of `resident` what no file stands behind: heaps, buffers, stacks. */
  readonly anonymous: number;
}

export async function memoryOf(pid: number): Promise<Held> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * KIB;
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM'), anonymous: bytes('RssAnon') };
}

/** From here on the system keeps the peak anew (proc(5), clear_refs). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
}

/** Milliseconds of processor time of all its threads so far; NaN where the system does not tell. */
export async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME_FIELD]) + Number(fields[UTIME_FIELD + 1])) * TICK_MS;
}
