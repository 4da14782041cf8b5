import type { Hasher } from '../objects/hasher.ts';

/** What receiving and reading need of the place they run in. */
export interface InboundHost {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Runs `work` once after `ms`; answers how to prevent it. */
  readonly after: (ms: number, work: () => void) => () => void;
  readonly hasher: () => Hasher;
  readonly log: (line: InboundLine) => void;
}

/** One line of the log: ids, stages and codes; never a body or an address. */
export interface InboundLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly [fact: string]: string | number | boolean | null;
}
