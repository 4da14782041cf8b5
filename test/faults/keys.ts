import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { numbered } from '../support/ledger.ts';
import { openSink } from '../support/sink.ts';
import type { Report } from './figure.ts';
import { KEY, relaySettings } from './sending.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const AT_ONCE = 16;

export interface KeysSize {
  readonly keys: number;
}

export const KEYS: KeysSize = { keys: 500 };
export const KEYS_SHORT: KeysSize = { keys: 20 };

/** A key is remembered for 24 h: asked again by a life of the process a minute before, and by one a minute after. */
export async function keys({ keys: count }: KeysSize): Promise<Report> {
  const sink = await openSink();
  const runner = await CrashRunner.open(relaySettings(sink));
  try {
    await runner.start();
    const began = runner.now();
    const first = await ask(runner, count);
    const tookMs = runner.now() - began;
    const before = await askAt(runner, began + DAY_MS - MINUTE_MS, count);
    const after = await askAt(runner, began + tookMs + DAY_MS + MINUTE_MS, count);
    const forgotten = first.filter((id, number) => id === null || before[number] !== id);
    const kept = first.filter((id, number) => after[number] === null || after[number] === id);
    return {
      part: 'keys',
      figures: [
        {
          figure: 'idempotency keys that are forgotten before 24 h',
          seen: forgotten.length,
          of: count,
          unit: 'keys',
          atMost: 0,
        },
        {
          figure: 'idempotency keys that are remembered a minute after 24 h',
          seen: kept.length,
          of: count,
          unit: 'keys',
          atMost: 0,
        },
      ],
      facts: { 'asking for all of them took, ms': Math.round(tookMs) },
      evidence: [],
    };
  } finally {
    await runner.close();
    await sink.close();
  }
}

/** By a life that begins at that time. */
async function askAt(runner: CrashRunner, time: number, count: number): Promise<readonly (string | null)[]> {
  await runner.stop();
  runner.leap(time - runner.now());
  await runner.start();
  return ask(runner, count);
}

/** The id under each key, or null where there was none. */
async function ask(runner: CrashRunner, count: number): Promise<readonly (string | null)[]> {
  const ids: (string | null)[] = Array.from({ length: count }, () => null);
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const headers = { 'idempotency-key': `key-${number}` };
      const body = numbered(number);
      const answer = await call({ url: `${runner.url}/emails`, key: KEY, headers, body });
      ids[number] = answer?.status === 200 ? JSON.parse(answer.text).id : null;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return ids;
}
