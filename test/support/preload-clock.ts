/**
 * Loaded into a process before its own modules (`--import`): its clock runs ahead of this machine's and at another pace,
 * so that waits of hours end within a test. The process itself is the one that users start, and knows nothing of it.
 */
import { BACKWARD, FORWARD, JUMP_MS, readShift, SHIFT_VARIABLE, shifted } from './shifted-clock.ts';

let shift = readShift(process.env[SHIFT_VARIABLE] ?? '');
const realNow = Date.now;
const realMonotonic = performance.now.bind(performance);
const realTimeout = globalThis.setTimeout;

/** The wall clock is set while the process runs; what only passes does not notice. */
function jump(ms: number): void {
  shift = { ...shift, aheadMs: shift.aheadMs + ms };
}
process.on(FORWARD, () => jump(JUMP_MS));
process.on(BACKWARD, () => jump(-JUMP_MS));

Date.now = () => shifted(shift, realNow());
performance.now = () => realMonotonic() * shift.pace;
Object.defineProperty(globalThis, 'setTimeout', {
  value: (work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
    realTimeout(work, ms / shift.pace, ...given),
});
