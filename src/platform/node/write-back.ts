import { clock } from './host.ts';
import { Threads } from './threads.ts';

/** Pages of 4 KiB that the log holds and the database does not, after which they are written back. */
const WRITE_BACK_PAGES = 2000;
/** The log is measured each time so many rows were changed: asking costs as much as storing a row. */
const ROWS_BETWEEN_LOOKS = 100;
/** After a pass that failed; meanwhile SQLite does it by itself, when the log has become longer. */
const ROWS_AFTER_FAILURE = 10_000;

/** So long groups rest for the second pass at most: on a slow disk it goes on beside them, and the log stays long. */
const MOST_REST_MS = 1_000;

/** A slow disk may take its time. */
const ENDS_WITHIN_MS = 60_000;
const HEAP_MEGABYTES = 16;

/** Writes the logs of databases back, one at a time, beside the event loop. */
export interface WriteBackThread {
  /** False when that did not work. */
  run(path: string): Promise<boolean>;
  readonly isBusy: boolean;
  close(): void;
}

export function createWriteBackThread(): WriteBackThread {
  const threads = new Threads<string, boolean>({
    module: new URL('./write-back-thread.ts', import.meta.url),
    data: () => null,
    threads: 1,
    forLarge: 1,
    jobsPerThread: 1,
    withinMs: ENDS_WITHIN_MS,
    waitMs: ENDS_WITHIN_MS,
    heapMegabytes: HEAP_MEGABYTES,
    after: clock.after,
  });
  const never = new AbortController().signal;
  let underWay = 0;
  return {
    get isBusy() {
      return underWay > 0;
    },
    async run(path) {
      underWay += 1;
      const ended = await threads.run(path, never).finally(() => {
        underWay -= 1;
      });
      return ended.kind === 'answered' && ended.answer;
    },
    close: () => void threads.close(),
  };
}

export interface WriteBackParts {
  readonly run: () => Promise<boolean>;
  /** Whoever holds groups up must not wait behind another database. */
  readonly isBusy: () => boolean;
  /** Pages that are not written back yet. */
  readonly pages: () => number;
  readonly after: (ms: number, work: () => void) => () => void;
}

/**
 * When the log of one database is written back. First while work goes on, which takes most of it; then once more while no group
 * runs, which takes the little that came meanwhile: only when all of the log is written back does SQLite begin it anew.
 */
export class WriteBack {
  readonly #parts: WriteBackParts;
  #state: 'idle' | 'running' | 'nearly' = 'idle';
  /** Rows changed when the log is measured next. */
  #lookAt = 0;

  constructor(parts: WriteBackParts) {
    this.#parts = parts;
  }

  /**
   * Asked between two groups.
   *
   * @param rows changed so far.
   * @returns when the next group may begin; null: at once.
   */
  between(rows: number): Promise<void> | null {
    const { isBusy, pages } = this.#parts;
    if (this.#state === 'nearly' && !isBusy()) return this.#atMost(this.#pass(rows, 'idle'));
    if (this.#state !== 'idle' || rows < this.#lookAt) return null;
    this.#lookAt = rows + ROWS_BETWEEN_LOOKS;
    if (pages() >= WRITE_BACK_PAGES) void this.#pass(rows, 'nearly');
    return null;
  }

  #atMost(pass: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.after(MOST_REST_MS, resolve);
      void pass.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  async #pass(rows: number, next: 'idle' | 'nearly'): Promise<void> {
    this.#state = 'running';
    const isDone = await this.#parts.run();
    this.#state = isDone ? next : 'idle';
    if (!isDone) this.#lookAt = rows + ROWS_AFTER_FAILURE;
  }
}
