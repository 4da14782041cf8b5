import { afterEach, describe, expect, it } from 'vitest';
import { clock } from '../../src/platform/node/host.ts';
import { Threads, type ThreadsParts } from '../../src/platform/node/threads.ts';

const { signal } = new AbortController();
let threads: Threads<string, string>;
afterEach(() => threads.close());

function open(change: Partial<ThreadsParts> = {}): void {
  threads = new Threads({
    module: new URL('../support/thread-fixture.ts', import.meta.url),
    data: (place) => place,
    threads: 2,
    forLarge: 2,
    jobsPerThread: 1,
    withinMs: 20_000,
    waitMs: 60_000,
    heapMegabytes: 32,
    after: clock.after,
    ...change,
  });
}

const run = (call: string, until = signal, isLarge = false) => threads.run(call, until, isLarge);

describe('threads with a heap of their own', () => {
  it('do one job each, in order, and as many at once as there are threads', async () => {
    open();
    expect(await Promise.all(['a', 'b', 'c'].map((call) => run(call)))).toEqual([
      { kind: 'answered', answer: 'a by 0' },
      { kind: 'answered', answer: 'b by 1' },
      { kind: 'answered', answer: expect.stringMatching(/^c by [01]$/) },
    ]);
  });

  it('threats §7 r9: a job that eats all memory takes its thread along, and no other job', async () => {
    open();
    const [eaten, well] = await Promise.all([run('eat'), run('a')]);
    expect(eaten).toEqual({ kind: 'died', cause: 'ERR_WORKER_OUT_OF_MEMORY' });
    expect(well).toMatchObject({ kind: 'answered' });
    expect(await Promise.all([run('b'), run('c')])).toMatchObject([
      { kind: 'answered' },
      { kind: 'answered' },
    ]);
  });

  it('threats §7 r9: a job that never ends is ended, and the next one has a new thread', async () => {
    open({ threads: 1, withinMs: 300 });
    expect(await run('hang')).toEqual({ kind: 'late' });
    open({ threads: 1 });
    expect(await run('a')).toEqual({ kind: 'answered', answer: 'a by 0' });
  });

  it('a job for which no thread can be started is soon as if nobody waited for it, and the next one is done', async () => {
    let isFull = true;
    open({
      data: (place) => {
        if (isFull) throw new Error('EAGAIN');
        return place;
      },
      after: (ms, work) => clock.after(ms === 1_000 ? 0 : ms, work),
    });
    expect(await run('a')).toEqual({ kind: 'aborted' });
    isFull = false;
    expect(await run('b')).toEqual({ kind: 'answered', answer: 'b by 0' });
  });

  it.each([
    ['exit', 'exit'],
    ['throw', 'TOLD'],
  ])('are replaced after %s', async (call, cause) => {
    open({ threads: 1 });
    const [bad, next] = await Promise.all([run(call), run('a')]);
    expect(bad).toEqual({ kind: 'died', cause });
    expect(next).toMatchObject({ kind: 'answered' });
  });

  it('have jobs that nobody waits for any more', async () => {
    open({ threads: 1 });
    const stop = new AbortController();
    const [silent, waiting] = [run('silence', stop.signal), run('a', stop.signal)];
    stop.abort();
    expect(await Promise.all([silent, waiting, run('b', stop.signal)])).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'aborted' })),
    );
    const closed = run('silence');
    await threads.close();
    expect(await closed).toEqual({ kind: 'aborted' });
  });

  it('leave the last of them to small jobs, which so never wait behind large ones', async () => {
    open({ forLarge: 1 });
    const stop = new AbortController();
    const large = ['silence', 'a'].map((call) => run(call, stop.signal, true));
    expect(await Promise.all(['b', 'c'].map((call) => run(call)))).toEqual([
      { kind: 'answered', answer: 'b by 1' },
      { kind: 'answered', answer: 'c by 1' },
    ]);
    stop.abort();
    expect(await Promise.all(large)).toEqual([{ kind: 'aborted' }, { kind: 'aborted' }]);
  });

  it('give a job back that none of them was free for in time', async () => {
    let giveUp = (): void => {};
    open({
      threads: 1,
      after(ms, work) {
        if (ms === 60_000) giveUp = work;
        return () => {};
      },
    });
    void run('silence');
    const waiting = run('a');
    giveUp();
    expect(await waiting).toEqual({ kind: 'aborted' });
  });

  it('rest and are let go when there is nothing to do', async () => {
    let rest = (): void => {};
    open({
      threads: 1,
      after(ms, work) {
        if (ms === 60_000) rest = work;
        return () => {};
      },
    });
    await run('a');
    rest();
    expect(await run('b')).toEqual({ kind: 'answered', answer: 'b by 0' });
  });
});
