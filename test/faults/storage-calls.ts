import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { CrashRunner } from '../support/crash-runner.ts';
import { openSink } from '../support/sink.ts';
import { drain } from './drain.ts';
import { relaySettings, sendNumbered } from './sending.ts';

/** What is made to fail, how, and which of the calls: every so manyeth, or all from the first on. */
const INJECTIONS = [
  { calls: 'fsync,fdatasync', error: 'EIO', when: '1+3' },
  { calls: 'pwrite64', error: 'ENOSPC', when: '5+13' },
  { calls: 'fsync,fdatasync', error: 'ENOSPC', when: '2+3' },
  { calls: 'pwrite64', error: 'EIO', when: '7+29' },
  { calls: 'fsync,fdatasync', error: 'EIO', when: '1+' },
  { calls: 'pwrite64', error: 'ENOSPC', when: '1+' },
] as const;

export interface Persisted {
  readonly accepted: number;
  readonly refused: number;
  /** Accepted, and not there after `kill -9` and a start on a store that is well; or neither sent nor reported. */
  readonly gone: number;
  readonly evidence: readonly string[];
}

export function hasStrace(): boolean {
  return spawnSync('strace', ['-V']).status === 0;
}

/** Sends to a process whose writes and syncs fail now and then, kills it, and looks what is there. */
export async function failingCalls(mails: number): Promise<Persisted> {
  const sums = { accepted: 0, refused: 0, gone: 0 };
  const evidence: string[] = [];
  const each = Math.ceil(mails / INJECTIONS.length);
  for (const injection of INJECTIONS) {
    const one = await underInjection(each, injection);
    for (const key of ['accepted', 'refused', 'gone'] as const) sums[key] += one[key];
    evidence.push(...one.evidence.map((line) => `${injection.calls} ${injection.error}: ${line}`));
  }
  return { ...sums, evidence };
}

async function underInjection(mails: number, injection: (typeof INJECTIONS)[number]): Promise<Persisted> {
  const sink = await openSink();
  const runner = await CrashRunner.open(relaySettings(sink));
  try {
    await runner.start();
    const tracer = await inject(runner.pid, injection);
    const accepted = await sendNumbered(runner, mails);
    await runner.kill();
    await tracer.ended;
    const kept = await drain(runner, sink);
    const states = new Map(kept.map(({ id, state }) => [id, state]));
    const gone = [...accepted].filter(([, id]) => !['sent', 'unknown'].includes(states.get(id) ?? 'gone'));
    const failed = accepted.size < mails || tracer.injected() > 0 ? [] : ['no call was made to fail'];
    return {
      accepted: accepted.size,
      refused: mails - accepted.size,
      gone: gone.length,
      evidence: [...failed, ...gone.map(([number, id]) => `mail ${number} is ${states.get(id) ?? 'gone'}`)],
    };
  } finally {
    await runner.close();
    await sink.close();
  }
}

interface Tracer {
  readonly ended: Promise<unknown>;
  /** Calls that were made to fail. */
  injected(): number;
}

/** Into a process that runs, so that what fails are the calls of sends and not of its start. */
async function inject(pid: number, { calls, error, when }: (typeof INJECTIONS)[number]): Promise<Tracer> {
  const rule = `inject=${calls}:error=${error}:when=${when}`;
  const tracer = spawn('strace', ['-f', '-p', String(pid), '-e', `trace=${calls}`, '-e', rule], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(tracer, 'close');
  let told = '';
  await new Promise<void>((resolve, reject) => {
    tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.includes('attached')) resolve();
    });
    void ended.then(() => reject(new Error(`strace could not be attached: ${told}`)));
  });
  return { ended, injected: () => told.split('(INJECTED)').length - 1 };
}
