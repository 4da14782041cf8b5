import { Worker } from 'node:worker_threads';

/** A thread without work is let go after this: it is 30 MB that a quiet installation need not have. */
const IDLE_MS = 60_000;

/** Each thread keeps it, and more does not make any of them faster. What `--max-semi-space-size` of the process says goes before it (decision 0090). */
const YOUNG_MEGABYTES = 16;

/** After a thread that could not be started: the machine has no more of them for us. */
const WITHOUT_THREAD_MS = 1_000;

/** What became of a job. Only `answered` says anything about the job itself. */
export type Ended<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** It took its thread along, or another job of the same thread did: `cause` is a code. */
  | { readonly kind: 'died'; readonly cause: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'aborted' };

export interface ThreadsParts {
  /** The module that the threads run: for each message it gets, `{id, call}`, it posts one back, `{id, answer}`. */
  readonly module: URL;
  /** `workerData` of each thread, by its place. */
  readonly data: (place: number) => unknown;
  readonly threads: number;
  /** How many of them take large jobs too: the others are kept for small ones, which so never wait behind a large one. */
  readonly forLarge: number;
  readonly jobsPerThread: number;
  /** From the moment at which a thread has a job. */
  readonly withinMs: number;
  /** A job that no thread was free for within this time ends as if nobody waited for it any more. */
  readonly waitMs: number;
  readonly heapMegabytes: number;
  readonly after: (ms: number, work: () => void) => () => void;
}

interface Job<Call, Answer> {
  readonly call: Call;
  readonly isLarge: boolean;
  readonly end: (ended: Ended<Answer>) => void;
  stopWatch: () => void;
}

interface Slot<Call, Answer> {
  readonly place: number;
  readonly jobs: Map<number, Job<Call, Answer>>;
  worker: Worker | null;
  stopIdling: () => void;
}

/**
 * Threads with a heap of their own: what eats memory or time in one of them ends the thread and not the process. They are
 * started when there is work, and replaced when they end.
 */
export class Threads<Call, Answer> {
  readonly #parts: ThreadsParts;
  readonly #slots: readonly Slot<Call, Answer>[];
  readonly #queue: Job<Call, Answer>[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor(parts: ThreadsParts) {
    this.#parts = parts;
    this.#slots = Array.from({ length: parts.threads }, (_, place) => ({
      place,
      jobs: new Map(),
      worker: null,
      stopIdling: () => {},
    }));
  }

  /** Never rejects. When `signal` is aborted nobody waits any more; a thread that has begun goes on until it is closed. */
  run(call: Call, signal: AbortSignal, isLarge = false): Promise<Ended<Answer>> {
    return new Promise((resolve) => {
      const aborted = (): void => job.end({ kind: 'aborted' });
      const job: Job<Call, Answer> = {
        call,
        isLarge,
        stopWatch: () => {},
        end: (ended) => {
          job.stopWatch();
          signal.removeEventListener('abort', aborted);
          const waiting = this.#queue.indexOf(job);
          if (waiting >= 0) this.#queue.splice(waiting, 1);
          resolve(ended);
        },
      };
      if (signal.aborted || this.#isClosed) return resolve({ kind: 'aborted' });
      signal.addEventListener('abort', aborted);
      job.stopWatch = this.#parts.after(this.#parts.waitMs, aborted);
      this.#queue.push(job);
      this.#assign();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#queue.splice(0)) job.end({ kind: 'aborted' });
    await Promise.all(this.#slots.map((slot) => this.#end(slot, { kind: 'aborted' })));
  }

  #assign(): void {
    for (const slot of this.#slots) {
      while (slot.jobs.size < this.#parts.jobsPerThread) {
        const job = this.#nextFor(slot);
        if (job === undefined) return;
        this.#give(slot, job);
      }
    }
  }

  #nextFor({ place }: Slot<Call, Answer>): Job<Call, Answer> | undefined {
    const at = this.#queue.findIndex(({ isLarge }) => !isLarge || place < this.#parts.forLarge);
    return at < 0 ? undefined : this.#queue.splice(at, 1)[0];
  }

  #give(slot: Slot<Call, Answer>, job: Job<Call, Answer>): void {
    slot.stopIdling();
    slot.worker ??= this.#started(slot);
    if (slot.worker === null) {
      job.stopWatch();
      job.stopWatch = this.#parts.after(WITHOUT_THREAD_MS, () => job.end({ kind: 'aborted' }));
      return;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    slot.jobs.set(id, job);
    job.stopWatch();
    job.stopWatch = this.#parts.after(this.#parts.withinMs, () => {
      slot.jobs.delete(id);
      job.end({ kind: 'late' });
      void this.#end(slot, { kind: 'died', cause: 'another was late' });
    });
    slot.worker.postMessage({ id, call: job.call });
  }

  /** EAGAIN is thrown at once where the number of tasks is limited. It is no fault of the job. */
  #started(slot: Slot<Call, Answer>): Worker | null {
    try {
      return this.#start(slot);
    } catch {
      return null;
    }
  }

  #start(slot: Slot<Call, Answer>): Worker {
    const { module, data, heapMegabytes } = this.#parts;
    const worker = new Worker(module, {
      workerData: data(slot.place),
      resourceLimits: {
        maxOldGenerationSizeMb: heapMegabytes,
        maxYoungGenerationSizeMb: YOUNG_MEGABYTES,
      },
    });
    worker.on('message', ({ id, answer }: { readonly id: number; readonly answer: Answer }) => {
      const job = slot.jobs.get(id);
      slot.jobs.delete(id);
      job?.end({ kind: 'answered', answer });
      this.#rest(slot);
    });
    let cause = 'exit';
    worker.on('error', (error: unknown) => {
      cause = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    });
    worker.on('exit', () => {
      if (slot.worker === worker) void this.#end(slot, { kind: 'died', cause });
    });
    // The process may end while threads rest.
    worker.unref();
    return worker;
  }

  /** The next job, or the end after a while without one. */
  #rest(slot: Slot<Call, Answer>): void {
    this.#assign();
    if (slot.jobs.size > 0) return;
    slot.stopIdling = this.#parts.after(IDLE_MS, () => void this.#end(slot, { kind: 'aborted' }));
  }

  /** Its jobs end so. Whoever comes next gets a new thread. */
  async #end(slot: Slot<Call, Answer>, ended: Ended<Answer>): Promise<void> {
    const { worker } = slot;
    slot.worker = null;
    slot.stopIdling();
    const jobs = [...slot.jobs.values()];
    slot.jobs.clear();
    for (const job of jobs) job.end(ended);
    const terminated = worker?.terminate();
    this.#assign();
    await terminated;
  }
}
