/** Runs `work` once after `ms`; answers how to prevent it. Handed in by the host. */
export type After = (ms: number, work: () => void) => () => void;

/** One end for a whole call, whatever it is doing then. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the signal was given; null as long as it was not. */
  why(): 'timeout' | 'aborted' | null;
  /** No signal will be given any more. */
  stop(): void;
}

export function startDeadline(call: {
  readonly after: After;
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
}): Deadline {
  const { signal } = call;
  const control = new AbortController();
  let why: 'timeout' | 'aborted' | null = null;
  const end = (reason: 'timeout' | 'aborted'): void => {
    stop();
    why = reason;
    control.abort();
  };
  const aborted = (): void => end('aborted');
  const cancel = call.after(call.ms, () => end('timeout'));
  const stop = (): void => {
    cancel();
    signal?.removeEventListener('abort', aborted);
  };
  if (signal?.aborted) aborted();
  else signal?.addEventListener('abort', aborted, { once: true });
  return { signal: control.signal, why: () => why, stop };
}

/** The result of `work`, or null as soon as the signal comes: for work that cannot be stopped, only left behind. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(null);
    const settled = (): void => signal.removeEventListener('abort', leave);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(settled);
  });
}
