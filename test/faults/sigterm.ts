import { CrashRunner, type Stopped } from '../support/crash-runner.ts';
import { balance } from '../support/ledger.ts';
import { type Arrival, openSink, type Sink } from '../support/sink.ts';
import { pause, waitUntil } from '../support/wait-until.ts';
import { drain } from './drain.ts';
import type { Report } from './figure.ts';
import { evidenceOf, markedFigure } from './kill.ts';
import { median } from './percentile.ts';
import { relaySettings, Sender, slowly } from './sending.ts';

const SENDS_PER_SECOND = 100;
const ACCEPTED_FIRST = 20;
const STOP_WITHIN_SENDS_MS = 200;
const LIFE_WITHIN_MS = 30_000;
/** delivery.md section 15. */
const EXIT_WITHIN_MS = 10_000;
/** The relay answers a dot after at most this; in every so many lives one dot gets no answer at all. */
const DOT_MS = 100;
const LIVES_PER_HANG = 10;

export interface SigtermSize {
  readonly stops: number;
}

export const SIGTERM: SigtermSize = { stops: 100 };
export const SIGTERM_SHORT: SigtermSize = { stops: 5 };

/** SIGTERM with mail on its way in and out. */
export async function sigterm({ stops }: SigtermSize): Promise<Report> {
  const sink = await openSink();
  const runner = await CrashRunner.open({ ...relaySettings(sink), UNKNOWN_RETRY: 'once' });
  try {
    const sender = new Sender(runner, SENDS_PER_SECOND);
    const ends: Stopped[] = [];
    for (let life = 0; life < stops; life++) {
      slowly(sink, DOT_MS);
      if (life % LIVES_PER_HANG === 0) hangOnce(sink);
      await runner.start();
      const [accepted, arrived] = [sender.accepted.size + ACCEPTED_FIRST, sink.arrived.length];
      sender.begin();
      await waitUntil(() => sender.accepted.size >= accepted && sink.arrived.length > arrived, {
        withinMs: LIFE_WITHIN_MS,
        what: `${ACCEPTED_FIRST} sends accepted, and a first one at the relay`,
      });
      await pause(Math.random() * STOP_WITHIN_SENDS_MS);
      ends.push(await runner.stop());
      await sender.end();
    }
    slowly(sink, 0);
    const kept = await drain(runner, sink);
    const { accepted } = sender;
    // A stop waits for the answers that come in its time, and these do: only a dot that got none is a reason to send again.
    const mayRepeat = ({ repliedAt }: Arrival): boolean => repliedAt === null;
    const result = balance({ accepted, arrivals: sink.arrived, kept, mayRepeat });
    const bad = ends.filter(({ code, milliseconds }) => code !== 0 || milliseconds > EXIT_WITHIN_MS);
    return {
      part: 'sigterm',
      figures: [
        {
          figure: 'accepted mail lost by SIGTERM',
          seen: result.lost.length + result.unfinished.length,
          of: result.accepted,
          unit: 'accepted mails',
          atMost: 0,
        },
        {
          figure: 'mail sent twice by SIGTERM outside the window of the final dot',
          seen: result.outside.length,
          of: result.arrived,
          unit: 'arrived mails',
          atMost: 0,
        },
        ...markedFigure(result),
        {
          figure: 'stops by SIGTERM that took more than 10 s or did not end with 0',
          seen: bad.length,
          of: ends.length,
          unit: 'stops',
          atMost: 0,
        },
      ],
      facts: {
        'slowest stop, ms': Math.round(Math.max(...ends.map(({ milliseconds }) => milliseconds))),
        'median stop, ms': Math.round(median(ends.map(({ milliseconds }) => milliseconds))),
        'sent a second time at the dot': result.inside.length,
      },
      evidence: [
        ...evidenceOf(result),
        ...bad.map(({ code, milliseconds }) => `ended with ${code} after ${Math.round(milliseconds)} ms`),
      ],
    };
  } finally {
    await runner.close();
    await sink.close();
  }
}

/** The next dot gets no answer; the others get theirs as before. */
function hangOnce(sink: Sink): void {
  const usual = sink.onMessage;
  sink.onMessage = () => {
    sink.onMessage = usual;
    return new Promise(() => {});
  };
}
