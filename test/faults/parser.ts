import { corpusFile, corpusPaths } from '../support/corpora.ts';
import { HOSTILE_MAIL, type HostileMail } from '../support/hostile-mail.ts';
import { cpuOf, memoryOf } from '../support/usage.ts';
import { pause } from '../support/wait-until.ts';
import { type Beside, type BesideSize, besideMail } from './beside-mail.ts';
import type { Report } from './figure.ts';
import { type MailStage, openMailStage } from './mail-stage.ts';

const MIB = 1024 * 1024;
/** What happens in a header ends at its cap: more bytes change nothing. */
const HEADER_BYTES = MIB;
const LOOK_EVERY_MS = 20;
const MOST_CPU_MS_PER_MIB = 500;
const MOST_MIB = 150;
const MOST_RATIO = 2;
/** Of the dearest. */
const BESIDE = 10;
/** The first mails pay for the threads that read them. */
const PLAIN_FIRST = 5;

export interface ParserSize {
  readonly bytes: number;
  readonly cases: number;
  /** Messages of the public corpora. */
  readonly corpus: number;
  readonly beside: BesideSize;
}

export const PARSER: ParserSize = {
  bytes: 25 * MIB,
  cases: HOSTILE_MAIL.length,
  corpus: 10_000,
  beside: { rounds: 5, askedMs: 30_000 },
};
export const PARSER_SHORT: ParserSize = {
  bytes: 4 * MIB,
  cases: 6,
  corpus: 0,
  beside: { rounds: 1, askedMs: 3_000 },
};

interface Cost {
  readonly mail: HostileMail;
  readonly name: string;
  readonly isRead: boolean;
  readonly mib: number;
  readonly cpuMsPerMib: number;
  readonly grownMib: number;
}

/** Mails that are meant to cost their reader dear, handed to the real process while it serves others. */
export async function parser({ bytes, cases, corpus, beside }: ParserSize): Promise<Report> {
  const stage = await openMailStage();
  try {
    for (let plain = 0; plain < PLAIN_FIRST; plain++) {
      await stage.isTold(await stage.hand([Buffer.from(`Subject: ${plain}\r\n\r\nHello.\r\n`)]));
    }
    await stage.untilIdle();
    const costs: Cost[] = [];
    for (const mail of HOSTILE_MAIL.slice(0, cases)) costs.push(await costOf(stage, mail, bytes));
    // Once more beside others: what these cost is not the mail's.
    const dearest = costs.toSorted((one, other) => other.cpuMsPerMib * other.mib - one.cpuMsPerMib * one.mib);
    const hostile = dearest.slice(0, BESIDE).map(
      ({ mail }) =>
        () =>
          mail.pieces(sizeOf(mail, bytes)),
    );
    const times = await besideMail(stage, { hostile, plain: () => plainPieces(bytes) }, beside);
    const paths = corpusOf(corpus);
    const unread: string[] = [];
    for (const path of paths) {
      const message = corpusFile(path);
      if (message !== null && !(await stage.isTold(await stage.hand([message])))) unread.push(path);
    }
    return reportOf({ costs, times, rounds: beside.rounds, unread, corpus: paths, hasDied: stage.hasDied() });
  } finally {
    await stage.close();
  }
}

function sizeOf({ isHeader }: HostileMail, bytes: number): number {
  return isHeader === true ? HEADER_BYTES : bytes;
}

/** A file of that size that nobody means ill with. */
function* plainPieces(bytes: number): Generator<Uint8Array> {
  yield Buffer.from(
    'Subject: plain\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n',
  );
  const piece = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(840));
  for (let left = bytes; left > 0; left -= piece.length) yield piece;
}

async function costOf(stage: MailStage, mail: HostileMail, bytes: number): Promise<Cost> {
  const size = sizeOf(mail, bytes);
  const before = await usageOf(stage.pid);
  let most = before.mib;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, (await usageOf(stage.pid)).mib);
      await pause(LOOK_EVERY_MS);
    }
  })();
  const isRead = await stage.isTold(await stage.hand(mail.pieces(size)));
  isOver = true;
  await watching;
  const { cpuMs } = await usageOf(stage.pid);
  const mib = size / MIB;
  return {
    mail,
    name: mail.name,
    isRead,
    mib,
    cpuMsPerMib: (cpuMs - before.cpuMs) / mib,
    grownMib: most - before.mib,
  };
}

async function usageOf(pid: number): Promise<{ readonly cpuMs: number; readonly mib: number }> {
  const [cpuMs, { resident }] = await Promise.all([cpuOf(pid), memoryOf(pid)]);
  return { cpuMs, mib: resident / MIB };
}

/** Every message of the public corpora, none where they are not there; not what others have cut out of them. */
function corpusOf(most: number): readonly string[] {
  return corpusPaths('.')
    .filter((path) => /\.(?:eml|msg|txt)$/.test(path) && !path.includes('_decoded_'))
    .slice(0, most);
}

function reportOf(seen: {
  readonly costs: readonly Cost[];
  readonly times: Beside;
  readonly rounds: number;
  readonly unread: readonly string[];
  readonly corpus: readonly string[];
  readonly hasDied: boolean;
}): Report {
  const { costs, times, rounds, unread, corpus, hasDied } = seen;
  const dear = costs.filter(({ cpuMsPerMib }) => cpuMsPerMib > MOST_CPU_MS_PER_MIB);
  const large = costs.filter(({ grownMib }) => grownMib > MOST_MIB);
  const silent = costs.filter(({ isRead }) => !isRead);
  const hostile = { of: costs.length, unit: 'hostile mails', atMost: 0 };
  const most = (of: (cost: Cost) => number): number => Math.max(...costs.map(of));
  const tenths = (ms: number): number => Math.round(10 * ms) / 10;
  return {
    part: 'parser',
    figures: [
      {
        figure: 'mails that end the process, or of which nobody is told',
        seen: silent.length + unread.length + Number(hasDied),
        of: costs.length + corpus.length,
        unit: 'hostile and public mails',
        atMost: 0,
      },
      { ...hostile, figure: 'mails that cost more than 500 ms of processor a MiB', seen: dear.length },
      { ...hostile, figure: 'mails that cost more than 150 MiB of memory', seen: large.length },
      {
        figure: 'medians of the 99th percentile of sends that are more than twice as long meanwhile',
        seen: times.hostile > MOST_RATIO * times.alone ? 1 : 0,
        of: 1,
        unit: 'comparison',
        atMost: 0,
      },
    ],
    facts: {
      'public mails': corpus.length,
      'most processor, ms a MiB': Math.round(most(({ cpuMsPerMib }) => cpuMsPerMib)),
      'most memory over what was there before, MiB': Math.round(most(({ grownMib }) => grownMib)),
      rounds,
      'p99 of a send alone, ms': tenths(times.alone),
      'p99 of a send meanwhile, ms': tenths(times.hostile),
      'p99 of a send beside plain files of that size, ms': tenths(times.plain),
      'p99 of a send beside a program that only counts, ms': tenths(times.counting),
    },
    evidence: [
      ...dear.map(({ name, cpuMsPerMib }) => `${Math.round(cpuMsPerMib)} ms a MiB: ${name}`),
      ...large.map(({ name, grownMib }) => `${Math.round(grownMib)} MiB: ${name}`),
      ...silent.map(({ name }) => `not told: ${name}`),
      ...unread.map((path) => `not told: ${path}`),
    ],
  };
}
