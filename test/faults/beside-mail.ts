import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { pause } from '../support/wait-until.ts';
import type { AskingSetup } from './asking-thread.ts';
import type { MailStage } from './mail-stage.ts';
import { median, percentile } from './percentile.ts';
import { KEY } from './sending.ts';

const WARM_MS = 2_000;

/** A mail as it is handed in, made anew each time. */
export type Handed = () => Iterable<Uint8Array>;

export interface BesideSize {
  readonly rounds: number;
  /** A percentile of few sends is their worst: so long each round goes on beside each of them. */
  readonly askedMs: number;
}

/** The 99th percentile of sends in milliseconds, the median of the rounds. */
export interface Beside {
  readonly alone: number;
  readonly hostile: number;
  /** Files of that size that nobody means ill with. */
  readonly plain: number;
  /** A program outside of the service that keeps a processor as busy as a reader does: what the machine itself makes of that. */
  readonly counting: number;
}

/** How long sends take beside mail that others hand in; in turns, since a machine is not the same from minute to minute. */
export async function besideMail(
  stage: MailStage,
  { hostile, plain }: { readonly hostile: readonly Handed[]; readonly plain: Handed },
  { rounds, askedMs }: BesideSize,
): Promise<Beside> {
  const beside: { readonly [Kind in keyof Beside]: () => Promise<void> } = {
    alone: () => pause(askedMs),
    hostile: () => handInTurn(stage, hostile, askedMs),
    plain: () => handInTurn(stage, [plain], askedMs),
    counting: () => counting(askedMs),
  };
  // The first ones pay for what is compiled and opened once.
  await p99While(stage, () => pause(WARM_MS));
  const kinds = Object.keys(beside) as (keyof Beside)[];
  const seen: Readonly<Record<keyof Beside, number[]>> = { alone: [], hostile: [], plain: [], counting: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) {
      await stage.untilIdle();
      seen[kind].push(await p99While(stage, beside[kind]));
    }
  }
  return {
    alone: median(seen.alone),
    hostile: median(seen.hostile),
    plain: median(seen.plain),
    counting: median(seen.counting),
  };
}

/** One after the other, each when the one before is read, until the time is over. */
async function handInTurn(stage: MailStage, mails: readonly Handed[], forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  for (let n = 0; performance.now() < until; n++) {
    const mail = mails[n % mails.length];
    if (mail !== undefined) await stage.isTold(await stage.hand(mail()));
  }
}

async function counting(forMs: number): Promise<void> {
  const program = fileURLToPath(new URL('./counting.ts', import.meta.url));
  const child = spawn(process.execPath, [program, String(forMs)], { stdio: 'ignore' });
  await once(child, 'exit');
}

/** Of sends that are made meanwhile at an even pace: by a thread of its own, which does not wait for what this one hands in. */
async function p99While({ url }: MailStage, work: () => Promise<void>): Promise<number> {
  const setup: AskingSetup = { url: `${url}/emails`, key: KEY };
  const asking = new Worker(new URL('./asking-thread.ts', import.meta.url), { workerData: setup });
  await work();
  const told = once(asking, 'message');
  asking.postMessage('end');
  const [times]: readonly (readonly number[])[] = await told;
  await asking.terminate();
  if (times === undefined) throw new Error('Nothing was asked');
  return percentile(times, 0.99);
}
