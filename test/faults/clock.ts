import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { balance, numbered } from '../support/ledger.ts';
import { type Arrival, openSink } from '../support/sink.ts';
import { soon } from '../support/wait-until.ts';
import { drain } from './drain.ts';
import type { Report } from './figure.ts';
import { evidenceOf } from './kill.ts';
import { KEY, relaySettings, slowly } from './sending.ts';

/** Mails between two jumps, all sent at once. */
const MAILS = 20;
/** The relay takes up to this for its reply to a dot: most jumps find mail on its way. */
const DOT_MS = 100;
const ARRIVED_WITHIN_MS = 20_000;
/** A process lives for so many jumps at most. */
const JUMPS_PER_LIFE = 20;

export interface ClockSize {
  readonly jumps: number;
}

export const CLOCK: ClockSize = { jumps: 200 };
export const CLOCK_SHORT: ClockSize = { jumps: 6 };

/** The wall clock of a running process is set an hour on or back while mail is on its way. */
export async function clock({ jumps }: ClockSize): Promise<Report> {
  const sink = await openSink();
  slowly(sink, DOT_MS);
  const runner = await CrashRunner.open({ ...relaySettings(sink), UNKNOWN_RETRY: 'once' });
  const accepted = new Map<number, string>();
  const forgotten: number[] = [];
  let ahead = 0;
  try {
    await runner.start();
    for (let jump = 0; jump < jumps; jump++) {
      if (jump > 0 && jump % JUMPS_PER_LIFE === 0) {
        await runner.stop();
        await runner.start();
      }
      const sending = Array.from({ length: MAILS }, (_, place) => send(runner, jump * MAILS + place));
      const enough = sink.arrived.length + MAILS / 2;
      await soon(() => sink.arrived.length >= enough, ARRIVED_WITHIN_MS);
      // Never more than two hours from the time at which a key was given: none of them is a day old.
      const direction = ahead >= 2 || (ahead > -2 && Math.random() < 0.5) ? 'backward' : 'forward';
      ahead += direction === 'forward' ? 1 : -1;
      runner.jump(direction);
      for (const [number, id] of await Promise.all(sending)) if (id !== null) accepted.set(number, id);
      const [number, id] = await send(runner, jump * MAILS);
      if (id === null || id !== accepted.get(number)) forgotten.push(number);
    }
    await runner.stop();
    const kept = await drain(runner, sink);
    const mayRepeat = ({ repliedAt }: Arrival): boolean => repliedAt === null;
    const books = balance({ accepted, arrivals: sink.arrived, kept, mayRepeat });
    return {
      part: 'clock',
      figures: [
        {
          figure: 'mail sent twice because the clock was set an hour on or back',
          seen: books.outside.length + books.inside.length,
          of: books.arrived,
          unit: 'arrived mails',
          atMost: 0,
        },
        {
          figure: 'mail lost or given up because the clock was set',
          seen: books.lost.length + books.unfinished.length + books.unknown,
          of: books.accepted,
          unit: 'accepted mails',
          atMost: 0,
        },
        {
          figure: 'idempotency keys forgotten because the clock was set',
          seen: forgotten.length,
          of: jumps,
          unit: 'keys',
          atMost: 0,
        },
      ],
      facts: { jumps, lives: runner.lives },
      evidence: [...evidenceOf(books), ...forgotten.map((number) => `forgotten: ${number}`)],
    };
  } finally {
    await runner.close();
    await sink.close();
  }
}

async function send(runner: CrashRunner, number: number): Promise<readonly [number, string | null]> {
  const headers = { 'idempotency-key': `mail-${number}` };
  const answer = await call({ url: `${runner.url}/emails`, key: KEY, headers, body: numbered(number) });
  return [number, answer?.status === 200 ? JSON.parse(answer.text).id : null];
}
