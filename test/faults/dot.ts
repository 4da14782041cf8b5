import { CrashRunner } from '../support/crash-runner.ts';
import { type Balance, balance, numberOf } from '../support/ledger.ts';
import { type Arrival, openSink } from '../support/sink.ts';
import { drain } from './drain.ts';
import type { Report } from './figure.ts';
import { relaySettings, sendNumbered } from './sending.ts';

export interface DotSize {
  /** Mails under each policy whose first dot gets no reply. */
  readonly dropped: number;
}

export const DOT: DotSize = { dropped: 1_000 };
export const DOT_SHORT: DotSize = { dropped: 20 };

/** Of the second copies every so manyeth gets no reply either: so few that the relay is not rested. */
const AGAIN = 20;

/** A relay that takes the whole message and drops the connection instead of answering. */
export async function dot({ dropped }: DotSize): Promise<Report> {
  const never = await dropUnder('never', dropped);
  const once = await dropUnder('once', dropped);
  const unanswered = never.unanswered + once.unanswered;
  const repeated = once.inside.length + once.outside.length;
  return {
    part: 'dot',
    figures: [
      {
        figure: 'mail sent twice after a dot without a reply, with UNKNOWN_RETRY=never',
        seen: never.inside.length + never.outside.length,
        of: never.unanswered,
        unit: 'dropped dots',
        atMost: 0,
      },
      {
        figure: 'mail sent a third time, or twice though it was answered, with UNKNOWN_RETRY=once',
        seen: once.outside.length,
        of: once.unanswered,
        unit: 'dropped dots',
        atMost: 0,
      },
      {
        figure: 'second copy that is not marked as one, or is not the same bytes',
        seen: once.unmarked.length,
        of: repeated,
        unit: 'second copies',
        atMost: 0,
      },
      {
        figure: 'mail after a dot without a reply that is lost, or at no final state',
        seen: [never, once].reduce((sum, { lost, unfinished }) => sum + lost.length + unfinished.length, 0),
        of: unanswered,
        unit: 'dropped dots',
        atMost: 0,
      },
    ],
    facts: {
      'sent a second time (once)': once.inside.length,
      'unknown for good after the second time (once)': once.unknown,
      'unknown, reported and not sent again (never)': never.unknown,
    },
    evidence: [never, once].flatMap(({ lost, outside, unmarked, unfinished }) =>
      Object.entries({ lost, outside, unmarked, unfinished })
        .filter(([, list]) => list.length > 0)
        .map(([what, list]) => `${what}: ${list.join(' ')}`),
    ),
  };
}

async function dropUnder(
  policy: 'never' | 'once',
  dropped: number,
): Promise<Balance & { readonly unanswered: number }> {
  const sink = await openSink();
  // Every second mail is answered: five breaks in a row would rest the relay, and that is another figure.
  sink.onMessage = async (arrival) => {
    const number = numberOf(arrival);
    const copies = sink.arrived.filter((one) => numberOf(one) === number).length;
    return number % 2 === 0 && (copies === 1 || (copies === 2 && number % AGAIN === 0)) ? 'drop' : undefined;
  };
  const runner = await CrashRunner.open({ ...relaySettings(sink), UNKNOWN_RETRY: policy });
  try {
    await runner.start();
    const accepted = await sendNumbered(runner, 2 * dropped);
    await runner.stop();
    const kept = await drain(runner, sink);
    const mayRepeat = ({ repliedAt }: Arrival): boolean => policy === 'once' && repliedAt === null;
    const books = balance({ accepted, arrivals: sink.arrived, kept, mayRepeat });
    return { ...books, unanswered: new Set(sink.arrived.filter(isUnanswered).map(numberOf)).size };
  } finally {
    await runner.close();
    await sink.close();
  }
}

function isUnanswered({ repliedAt }: Arrival): boolean {
  return repliedAt === null;
}
