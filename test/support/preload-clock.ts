/**
 * Loaded into a process before its own modules (`--import`): its clock runs ahead of this machine's and at another pace,
 * so that waits of hours end within a test. The process itself is the one that users start, and knows nothing of it.
 */
import { readShift, SHIFT_VARIABLE, shifted } from './shifted-clock.ts';

const shift = readShift(process.env[SHIFT_VARIABLE] ?? '');
const realNow = Date.now;
const realMonotonic = performance.now.bind(performance);
const realTimeout = globalThis.setTimeout;

Date.now = () => shifted(shift, realNow());
performance.now = () => realMonotonic() * shift.pace;
Object.defineProperty(globalThis, 'setTimeout', {
  value: (work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
    realTimeout(work, ms / shift.pace, ...given),
});
