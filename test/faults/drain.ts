import { read } from '../support/caller.ts';
import type { CrashRunner } from '../support/crash-runner.ts';
import { type Kept, readKept } from '../support/ledger.ts';
import type { Sink } from '../support/sink.ts';
import { soon } from '../support/wait-until.ts';
import { KEY } from './sending.ts';

/** What is due goes out in less, if the relay is not resting. */
const DRAIN_WITHIN_MS = 40_000;

/** What is due later than this is left to another life. */
const SOON_MS = 2_000;

/** More than the longest wait of a schedule that a crash leads to: 21 minutes for an unknown outcome. */
const LEAP_MS = 30 * 60_000;

/** Lives that may pass until nothing is left: a clock that was set hours back leaves mail that is due hours later. */
const LIVES = 60;

/** Lets everything come to its end, with the time that it needs, and answers what the service keeps. */
export async function drain(runner: CrashRunner, sink: Sink): Promise<readonly Kept[]> {
  for (let life = 1; ; life++) {
    await runner.start();
    await soon(() => nothingDue(runner), DRAIN_WITHIN_MS);
    if ((await depthOf(runner)) === 0 || life === LIVES) {
      const kept = await readKept({ url: runner.url, key: KEY }, sink.arrived);
      await runner.stop();
      return kept;
    }
    await runner.stop();
    runner.leap(LEAP_MS);
  }
}

interface Health {
  readonly queue: { readonly depth: number; readonly oldest_due_at: string | null };
}

async function depthOf(runner: CrashRunner): Promise<number> {
  return (await read<Health>({ url: `${runner.url}/health`, key: KEY })).queue.depth;
}

/** Nothing left, or nothing before a time that only another life will see. */
async function nothingDue(runner: CrashRunner): Promise<boolean> {
  const { queue } = await read<Health>({ url: `${runner.url}/health`, key: KEY });
  if (queue.depth === 0) return true;
  const due = queue.oldest_due_at === null ? Number.NaN : Date.parse(queue.oldest_due_at);
  return due > runner.now() + SOON_MS;
}
