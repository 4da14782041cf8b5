/** How a process's time differs from ours: it runs at another pace since a moment, and ahead of us. */
export interface Shift {
  /** Our time, in milliseconds, from which the pace counts. */
  readonly since: number;
  /** Its seconds in one of ours. */
  readonly pace: number;
  readonly aheadMs: number;
}

/** Read by `preload-clock.ts` in the process. */
export const SHIFT_VARIABLE = 'SHIFTED_CLOCK';

/** Signals at which the wall clock of a process that runs is set an hour on, or back. */
export const FORWARD = 'SIGUSR2';
export const BACKWARD = 'SIGWINCH';
export const JUMP_MS = 3_600_000;

export function shifted({ since, pace, aheadMs }: Shift, now: number): number {
  return since + (now - since) * pace + aheadMs;
}

export function writeShift(shift: Shift): string {
  return [shift.since, shift.pace, shift.aheadMs].join(' ');
}

export function readShift(text: string): Shift {
  const [since = Number.NaN, pace = Number.NaN, aheadMs = Number.NaN] = text.split(' ').map(Number);
  if (Number.isNaN(since + pace + aheadMs)) throw new Error(`${SHIFT_VARIABLE} is not readable`);
  return { since, pace, aheadMs };
}
