import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { numbered } from '../support/ledger.ts';
import { openSink } from '../support/sink.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Report } from './figure.ts';
import { median } from './percentile.ts';
import { KEY, relaySettings } from './sending.ts';

const BATCH = 100;
const AT_ONCE = 4;
const FIRST_SEND_WITHIN_MS = 5_000;
const AT_ALL_WITHIN_MS = 60_000;

export interface RecoverySize {
  readonly queued: number;
  readonly restarts: number;
}

export const RECOVERY: RecoverySize = { queued: 10_000, restarts: 5 };
export const RECOVERY_SHORT: RecoverySize = { queued: 1_000, restarts: 2 };

/** `kill -9` with a long queue behind a relay that is down; the relay is back when the next process starts. */
export async function recovery({ queued, restarts }: RecoverySize): Promise<Report> {
  const { port, close } = await openSink();
  await close();
  const runner = await CrashRunner.open(relaySettings({ port }));
  const times: number[] = [];
  try {
    await runner.start();
    await fill(runner, queued);
    await runner.kill();
    for (let life = 0; life < restarts; life++) {
      const sink = await openSink(port);
      const since = performance.now();
      await runner.start();
      await waitUntil(() => sink.arrived.length > 0, { withinMs: AT_ALL_WITHIN_MS, what: 'a first mail' });
      times.push((sink.arrived[0]?.dotAt ?? Number.NaN) - since);
      await runner.kill();
      await sink.close();
    }
  } finally {
    await runner.close();
  }
  const slow = times.filter((time) => time > FIRST_SEND_WITHIN_MS);
  return {
    part: 'recovery',
    figures: [
      {
        figure: 'restarts with a long queue that took more than 5 s to the first message at the relay',
        seen: slow.length,
        of: times.length,
        unit: 'restarts',
        atMost: 0,
      },
    ],
    facts: {
      'queued mails': queued,
      'median from start to the first message, ms': Math.round(median(times)),
      'slowest, ms': Math.round(Math.max(...times)),
    },
    evidence: [],
  };
}

async function fill(runner: CrashRunner, queued: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(queued / BATCH) }, (_, place) => place);
  const one = async (): Promise<void> => {
    for (let place = batches.pop(); place !== undefined; place = batches.pop()) {
      const items = Array.from({ length: BATCH }, (_, more) => numbered(place * BATCH + more));
      const body = `[${items.join(',')}]`;
      const answer = await call({ url: `${runner.url}/emails/batch`, key: KEY, body });
      if (answer?.status !== 200) throw new Error(`Not accepted: ${answer?.status} ${answer?.text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
