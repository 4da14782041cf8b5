import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { call } from '../support/caller.ts';
import { corpusFile, corpusPaths } from '../support/corpora.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { HOSTILE_MAIL, type HostileMail } from '../support/hostile-mail.ts';
import { openSink } from '../support/sink.ts';
import { cpuOf, memoryOf } from '../support/usage.ts';
import { pause, soon } from '../support/wait-until.ts';
import type { AskingSetup } from './asking-thread.ts';
import type { Report } from './figure.ts';
import { KEY, relaySettings } from './sending.ts';

const MIB = 1024 * 1024;
/** What happens in a header ends at its cap: more bytes change nothing. */
const HEADER_BYTES = MIB;
const LOOK_EVERY_MS = 20;
const READ_WITHIN_MS = 120_000;
const MOST_CPU_MS_PER_MIB = 500;
const MOST_MIB = 150;
const MOST_RATIO = 2;
/** Of the dearest. */
const BESIDE = 10;
/** The first mails pay for the threads that read them. */
const PLAIN_FIRST = 5;
/** Of a second: so little is done when nobody asks for anything. */
const IDLE_CPU_MS = 50;
const IDLE_WITHIN_MS = 60_000;
const WARM_MS = 2_000;

/** A file of that size that nobody means ill with. */
const PLAIN_MAIL: HostileMail = {
  row: 0,
  name: 'a plain file',
  breaks: null,
  *pieces(bytes) {
    yield Buffer.from(
      'Subject: plain\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n',
    );
    const piece = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(840));
    for (let left = bytes; left > 0; left -= piece.length) yield piece;
  },
};

export interface ParserSize {
  readonly bytes: number;
  readonly cases: number;
  /** Messages of the public corpora. */
  readonly corpus: number;
  /** A percentile of few sends is their worst: so long, at least, each comparison goes on. */
  readonly askedMs: number;
}

export const PARSER: ParserSize = {
  bytes: 25 * MIB,
  cases: HOSTILE_MAIL.length,
  corpus: 10_000,
  askedMs: 60_000,
};
export const PARSER_SHORT: ParserSize = { bytes: 4 * MIB, cases: 6, corpus: 0, askedMs: 3_000 };

interface Cost {
  readonly mail: HostileMail;
  readonly name: string;
  readonly isRead: boolean;
  readonly mib: number;
  readonly cpuMsPerMib: number;
  readonly grownMib: number;
}

/** Mails that are meant to cost their reader dear, handed to the real process while it serves others. */
export async function parser({ bytes, cases, corpus, askedMs }: ParserSize): Promise<Report> {
  const sink = await openSink();
  const hook = await openHook();
  const runner = await CrashRunner.open({
    ...relaySettings(sink),
    RECEIVING_DOMAINS: 'example.com',
    EGRESS_ALLOW: '127.0.0.1',
  });
  try {
    await runner.start({ lifetimeMs: 2 * 3_600_000 });
    const body = JSON.stringify({ endpoint: hook.url, events: ['email.received'] });
    await call({ url: `${runner.url}/webhooks`, key: KEY, body });
    const stage: Stage = { runner, told: hook.told, handed: 0 };
    // The first ones pay for what is compiled and opened once.
    await whileAsked(runner, () => pause(WARM_MS));
    const idle = await whileAsked(runner, () => pause(askedMs));
    for (let plain = 0; plain < PLAIN_FIRST; plain++) {
      await isTold(
        stage,
        await hand(stage, Readable.from([Buffer.from(`Subject: ${plain}\r\n\r\nHello.\r\n`)])),
      );
    }
    await untilIdle(runner.pid);
    const costs: Cost[] = [];
    for (const mail of HOSTILE_MAIL.slice(0, cases)) costs.push(await costOf(stage, mail, bytes));
    // Once more beside others: what these cost is not the mail's.
    const dearest = costs.toSorted((one, other) => other.cpuMsPerMib * other.mib - one.cpuMsPerMib * one.mib);
    const worst = dearest.slice(0, BESIDE).map(({ mail }) => mail);
    const beside = await whileAsked(runner, () => handInTurn(stage, worst, bytes, askedMs));
    await untilIdle(runner.pid);
    const besidePlain = await whileAsked(runner, () => handInTurn(stage, [PLAIN_MAIL], bytes, askedMs));
    const unread: string[] = [];
    for (const path of await corpusOf(corpus)) {
      const message = corpusFile(path);
      if (message !== null && !(await isTold(stage, await hand(stage, Readable.from([message])))))
        unread.push(path);
    }
    return reportOf({
      costs,
      idle,
      beside,
      besidePlain,
      unread,
      corpus: await corpusOf(corpus),
      deaths: hasDied(runner),
    });
  } finally {
    await runner.close();
    await hook.close();
    await sink.close();
  }
}

interface Stage {
  readonly runner: CrashRunner;
  /** Ids of received mails that a webhook has told of. */
  readonly told: ReadonlySet<string>;
  handed: number;
}

function hasDied(runner: CrashRunner): number {
  return runner.ended === null ? 0 : 1;
}

async function openHook() {
  const told = new Set<string>();
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      told.add(JSON.parse(text).data.email_id);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told, close };
}

/** The id, or null when it was not taken. To somebody else each time: the same again would be a repetition, and not be read. */
async function hand(stage: Stage, raw: Readable): Promise<string | null> {
  const { runner } = stage;
  stage.handed += 1;
  try {
    const url = `${runner.url}/inbound/mime?to=in-${stage.handed}@example.com&from=out@example.org`;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
      body: Readable.toWeb(raw) as ReadableStream,
      duplex: 'half',
    });
    const text = await answer.text();
    return answer.status === 200 ? JSON.parse(text).id : null;
  } catch {
    return null;
  }
}

function isTold({ told }: Stage, id: string | null): Promise<boolean> {
  return id === null ? Promise.resolve(false) : soon(() => told.has(id), READ_WITHIN_MS);
}

async function costOf(stage: Stage, mail: HostileMail, bytes: number): Promise<Cost> {
  const size = mail.isHeader === true ? HEADER_BYTES : bytes;
  const before = await usageOf(stage.runner.pid);
  let most = before.mib;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, (await usageOf(stage.runner.pid)).mib);
      await pause(LOOK_EVERY_MS);
    }
  })();
  const id = await hand(stage, Readable.from(mail.pieces(size)));
  const isRead = await isTold(stage, id);
  isOver = true;
  await watching;
  const { cpuMs } = await usageOf(stage.runner.pid);
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

/** One after the other, each when the one before is read, until the time is over. */
async function handInTurn(
  stage: Stage,
  mails: readonly HostileMail[],
  bytes: number,
  forMs: number,
): Promise<void> {
  const until = performance.now() + forMs;
  for (let n = 0; performance.now() < until; n++) {
    const mail = mails[n % mails.length];
    if (mail !== undefined) await costOf(stage, mail, bytes);
  }
}

/** What was asked for before is done. */
async function untilIdle(pid: number): Promise<void> {
  let before = (await usageOf(pid)).cpuMs;
  await soon(async () => {
    await pause(1_000);
    const now = (await usageOf(pid)).cpuMs;
    const isIdle = now - before < IDLE_CPU_MS;
    before = now;
    return isIdle;
  }, IDLE_WITHIN_MS);
}

async function usageOf(pid: number): Promise<{ readonly cpuMs: number; readonly mib: number }> {
  const [cpuMs, { resident }] = await Promise.all([cpuOf(pid), memoryOf(pid)]);
  return { cpuMs, mib: resident / MIB };
}

/**
 * The 99th percentile of sends, in milliseconds, that are made meanwhile at an even pace: by a thread of its own, which does not wait for
 * what this one hands in.
 */
async function whileAsked(runner: CrashRunner, work: () => Promise<unknown>): Promise<number> {
  const setup: AskingSetup = { url: `${runner.url}/emails`, key: KEY };
  const asking = new Worker(new URL('./asking-thread.ts', import.meta.url), { workerData: setup });
  await work();
  const told = once(asking, 'message');
  asking.postMessage('end');
  const [times]: readonly (readonly number[])[] = await told;
  await asking.terminate();
  if (times === undefined) throw new Error('Nothing was asked');
  return times.toSorted((one, other) => one - other)[Math.floor(0.99 * times.length)] ?? Number.NaN;
}

/** Every message of the public corpora, none where they are not there; not what others have cut out of them. */
async function corpusOf(most: number): Promise<readonly string[]> {
  return corpusPaths('.')
    .filter((path) => /\.(?:eml|msg|txt)$/.test(path) && !path.includes('_decoded_'))
    .slice(0, most);
}

function reportOf(seen: {
  readonly costs: readonly Cost[];
  readonly idle: number;
  readonly beside: number;
  readonly besidePlain: number;
  readonly unread: readonly string[];
  readonly corpus: readonly string[];
  readonly deaths: number;
}): Report {
  const { costs, idle, beside, besidePlain, unread, corpus, deaths } = seen;
  const dear = costs.filter(({ cpuMsPerMib }) => cpuMsPerMib > MOST_CPU_MS_PER_MIB);
  const large = costs.filter(({ grownMib }) => grownMib > MOST_MIB);
  const silent = costs.filter(({ isRead }) => !isRead);
  const hostile = { of: costs.length, unit: 'hostile mails', atMost: 0 };
  const most = (of: (cost: Cost) => number): number => Math.max(...costs.map(of));
  return {
    part: 'parser',
    figures: [
      {
        figure: 'mails that end the process, or of which nobody is told',
        seen: silent.length + unread.length + deaths,
        of: costs.length + corpus.length,
        unit: 'hostile and public mails',
        atMost: 0,
      },
      { ...hostile, figure: 'mails that cost more than 500 ms of processor a MiB', seen: dear.length },
      { ...hostile, figure: 'mails that cost more than 150 MiB of memory', seen: large.length },
      {
        figure: 'sends of others that take more than twice as long meanwhile (p99)',
        seen: beside > MOST_RATIO * idle ? 1 : 0,
        of: 1,
        unit: 'comparison',
        atMost: 0,
      },
    ],
    facts: {
      'public mails': corpus.length,
      'most processor, ms a MiB': Math.round(most(({ cpuMsPerMib }) => cpuMsPerMib)),
      'most memory over what was there before, MiB': Math.round(most(({ grownMib }) => grownMib)),
      'p99 of a send alone, ms': Math.round(idle),
      'p99 of a send meanwhile, ms': Math.round(beside),
      'p99 of a send beside plain files of that size, ms': Math.round(besidePlain),
    },
    evidence: [
      ...dear.map(({ name, cpuMsPerMib }) => `${Math.round(cpuMsPerMib)} ms a MiB: ${name}`),
      ...large.map(({ name, grownMib }) => `${Math.round(grownMib)} MiB: ${name}`),
      ...silent.map(({ name }) => `not told: ${name}`),
      ...unread.map((path) => `not told: ${path}`),
    ],
  };
}
