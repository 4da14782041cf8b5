import { CrashRunner } from '../support/crash-runner.ts';
import { type Balance, balance } from '../support/ledger.ts';
import { type Arrival, openSink } from '../support/sink.ts';
import { pause, waitUntil } from '../support/wait-until.ts';
import { drain } from './drain.ts';
import type { Figure, Report } from './figure.ts';
import { relaySettings, Sender, slowly } from './sending.ts';

const SENDS_PER_SECOND = 50;
const KILL_WITHIN_MS = 400;
const LIFE_WITHIN_MS = 30_000;

/** The relay answers a dot after at most this. */
const DOT_MS = 40;

/** A reply is read and recorded in less, also on a machine that is busy with other things (delivery.md section 1). */
const RECORDING_MS = 250;

export interface KillSize {
  /** Processes that are killed. */
  readonly lives: number;
  /** Sends that one has accepted before its last moments begin. */
  readonly acceptedFirst: number;
}

export const KILL: KillSize = { lives: 300, acceptedFirst: 25 };
export const KILL_SHORT: KillSize = { lives: 6, acceptedFirst: 10 };

/** `kill -9` in the middle of sends: once with UNKNOWN_RETRY=never and once with `once`, half of the lives each. */
export async function kill({ lives, acceptedFirst }: KillSize): Promise<Report> {
  const half = { lives: Math.ceil(lives / 2), acceptedFirst };
  const never = await killUnder('never', half);
  const once = await killUnder('once', half);
  const sum = (count: (one: Balance) => number): number => count(never) + count(once);
  const accepted = sum((one) => one.accepted);
  const arrived = sum((one) => one.arrived);
  return {
    part: 'kill',
    figures: [
      {
        figure: 'accepted mail lost by kill -9',
        seen: sum(({ lost }) => lost.length),
        of: accepted,
        unit: 'accepted mails',
        atMost: 0,
      },
      {
        figure: 'accepted mail at no final state when all is drained',
        seen: sum(({ unfinished }) => unfinished.length),
        of: accepted,
        unit: 'accepted mails',
        atMost: 0,
      },
      {
        figure: 'mail sent twice by kill -9 outside the window of the final dot',
        seen: sum(({ outside }) => outside.length),
        of: arrived,
        unit: 'arrived mails',
        atMost: 0,
      },
      ...markedFigure(once),
    ],
    facts: {
      kills: 2 * half.lives,
      'unknown, reported and not sent again (never)': never.unknown,
      'of them with the relay (never)': never.unknownArrived,
      'sent a second time at the dot (once)': once.inside.length,
      'longest time from a reply to the kill that left it unrecorded, ms': Math.ceil(once.slowestRecording),
      'unknown even after the second time (once)': once.unknown,
    },
    evidence: [never, once].flatMap(evidenceOf),
  };
}

async function killUnder(policy: 'never' | 'once', { lives, acceptedFirst }: KillSize): Promise<Balance> {
  const sink = await openSink();
  slowly(sink, DOT_MS);
  const runner = await CrashRunner.open({ ...relaySettings(sink), UNKNOWN_RETRY: policy });
  try {
    const sender = new Sender(runner, SENDS_PER_SECOND);
    for (let life = 0; life < lives; life++) {
      await runner.start();
      const enough = sender.accepted.size + acceptedFirst;
      sender.begin();
      await waitUntil(() => sender.accepted.size >= enough, {
        withinMs: LIFE_WITHIN_MS,
        what: `${acceptedFirst} sends accepted`,
      });
      await pause(Math.random() * KILL_WITHIN_MS);
      await runner.kill();
      await sender.end();
    }
    const kept = await drain(runner, sink);
    const { accepted } = sender;
    const mayRepeat = policy === 'never' ? () => false : endedAtDot;
    return balance({ accepted, arrivals: sink.arrived, kept, mayRepeat });
  } finally {
    await runner.close();
    await sink.close();
  }
}

/** By the relay's own log: the process was gone before the reply, or before it can have been recorded. */
function endedAtDot({ repliedAt, endedAt }: Arrival): boolean {
  return repliedAt === null || (endedAt !== null && endedAt - repliedAt <= RECORDING_MS);
}

/** None when nothing was sent twice: then it says nothing. */
export function markedFigure({ inside, unmarked }: Balance): readonly Figure[] {
  if (inside.length + unmarked.length === 0) return [];
  return [
    {
      figure: 'second copy from inside the window that is not marked as one, or is not the same bytes',
      seen: unmarked.length,
      of: Math.max(inside.length, unmarked.length),
      unit: 'second copies',
      atMost: 0,
    },
  ];
}

/** Which mails are behind what should not be. */
export function evidenceOf({ lost, unfinished, outside, unmarked }: Balance): readonly string[] {
  const lists = { lost, unfinished, 'twice, outside': outside, 'twice, unmarked': unmarked };
  return Object.entries(lists)
    .filter(([, list]) => list.length > 0)
    .map(([what, list]) => `${what}: ${list.join(' ')}`);
}
