import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { openSink } from '../support/sink.ts';
import type { Report } from './figure.ts';
import { KEY, relaySettings } from './sending.ts';

const PARALLEL = 50;
/** Requests per second: RATE_LIMIT. */
const RATE = 100;

export interface LimitsSize {
  readonly seconds: number;
}

export const LIMITS: LimitsSize = { seconds: 60 };
export const LIMITS_SHORT: LimitsSize = { seconds: 3 };

/** Fifty callers who ask as fast as they can. */
export async function limits({ seconds }: LimitsSize): Promise<Report> {
  const sink = await openSink();
  const runner = await CrashRunner.open({ ...relaySettings(sink), RATE_LIMIT: String(RATE) });
  try {
    await runner.start();
    const counts = { admitted: 0, refused: 0, other: 0 };
    const since = performance.now();
    const one = async (): Promise<void> => {
      while (performance.now() - since < seconds * 1000) {
        const answer = await call({ url: `${runner.url}/emails?limit=1`, key: KEY });
        if (answer?.status === 200) counts.admitted++;
        else if (answer?.status === 429) counts.refused++;
        else counts.other++;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, one));
    // Windows of one second: a time that begins and ends within one touches one more of them.
    const windows = Math.ceil((performance.now() - since) / 1000) + 1;
    const allowed = windows * RATE;
    return {
      part: 'limits',
      figures: [
        {
          figure: 'requests admitted beyond the rate limit by 50 parallel callers',
          seen: Math.max(0, counts.admitted - allowed),
          of: allowed,
          unit: 'allowed requests',
          atMost: 0.02,
        },
        {
          figure: 'requests that are neither answered nor refused by 429',
          seen: counts.other,
          of: counts.admitted + counts.refused,
          unit: 'requests',
          atMost: 0,
        },
      ],
      facts: { 'admitted requests': counts.admitted, 'refused requests': counts.refused, seconds },
      evidence: [],
    };
  } finally {
    await runner.close();
    await sink.close();
  }
}
