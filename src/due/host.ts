import type { Hasher } from '../objects/hasher.ts';

/** What those who do what is due need of the place they run in. Handed in, so that a test tells the time and nothing here knows a host. */
export interface Host {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Runs `work` once after `ms`; answers how to prevent it. */
  readonly after: (ms: number, work: () => void) => () => void;
  readonly hasher: () => Hasher;
  readonly log: (line: HostLine) => void;
}

/** One line of the log: ids, stages and codes; never a body, a reply's text or a full address. */
export interface HostLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly [fact: string]: string | number | boolean | null;
}

/** Waits; a wait that is cut short by `signal` just ends. */
export function pause(host: Pick<Host, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = host.after(ms, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
