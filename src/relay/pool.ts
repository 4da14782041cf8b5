import type { Connect, Connection, OpenCall, Opened, TransactionRecord } from './connection.ts';
import { envelopeProblem } from './envelope.ts';
import type { Clock, Waits } from './patience.ts';
import type { Condition, Relay, RelayConfig, Submission, SubmissionResult } from './relay.ts';
import { createTurnstile } from './turnstile.ts';
import { judgeOpening, resultByUs, resultOf, resultWithoutConnection } from './verdicts.ts';

export interface RelayParts {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly waits: Waits;
}

/** Idle connections are given up before the server does it: many close after a minute, some with a 421 in passing. */
const IDLE_MS = 30_000;
/** Messages over one connection; servers commonly allow a hundred. */
const MESSAGES_PER_CONNECTION = 100;
/** When work is due again that found all connections taken. */
const BUSY_RETRY_MS = 1_000;

interface Pooled {
  readonly connection: Connection;
  carried: number;
  stopIdling: () => void;
}

/** One relay: a few connections, kept between messages, over the endpoint that worked last. */
export function createRelay(config: RelayConfig, parts: RelayParts): Relay {
  const turnstile = createTurnstile({ slots: config.connections, rate: config.rate, clock: parts.clock });
  /** What is under way, so that `close` can end it. A signal made of two others costs as much as reading a few replies. */
  const underWay = new Set<AbortController>();
  let isClosing = false;
  const idle: Pooled[] = [];
  let endpointInUse = 0;
  let maxSize: number | null = null;

  async function open(call: Omit<OpenCall, 'endpoint' | 'config'>): Promise<Opened> {
    let opened: Opened | null = null;
    for (let tried = 0; tried < config.endpoints.length; tried += 1) {
      const place = (endpointInUse + tried) % config.endpoints.length;
      const endpoint = config.endpoints[place];
      if (endpoint === undefined) break;
      opened = await parts.connect({ ...call, endpoint, config });
      if (opened.ok) {
        endpointInUse = place;
        maxSize = opened.connection.maxSize ?? null;
      }
      if (opened.ok || !mayTryNextPort(opened)) return opened;
    }
    if (opened === null) throw new Error(`relay ${config.name} has no endpoint`);
    return opened;
  }

  /** A kept connection that is gone before MAIL was answered says nothing about the message: one fresh one, uncounted. */
  async function carry(submission: Submission): Promise<SubmissionResult> {
    const until = parts.clock.now() + parts.waits.beforeDot;
    const kept = takeIdle();
    if (kept !== null) {
      const record = await kept.connection.transact(submission, until);
      if (!isStale(record)) return finish(kept, record);
      kept.connection.destroy();
    }
    const opened = await open({ until, signal: submission.signal });
    if (!opened.ok) return resultWithoutConnection(opened.failure, submission.envelope.recipients.length);
    const fresh: Pooled = { connection: opened.connection, carried: 0, stopIdling: () => undefined };
    return finish(fresh, await fresh.connection.transact(submission, until));
  }

  /** Runs `work` with a signal that aborts with the given one, and when the relay is closed. */
  async function unlessClosed<T>(given: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    if (given.aborted || isClosing) abort();
    given.addEventListener('abort', abort, { once: true });
    underWay.add(stop);
    try {
      return await work(stop.signal);
    } finally {
      underWay.delete(stop);
      given.removeEventListener('abort', abort);
    }
  }

  function takeIdle(): Pooled | null {
    for (let pooled = idle.pop(); pooled !== undefined; pooled = idle.pop()) {
      pooled.stopIdling();
      if (pooled.connection.usable) return pooled;
    }
    return null;
  }

  function finish(pooled: Pooled, record: TransactionRecord): SubmissionResult {
    const result = resultOf(record);
    pooled.carried += 1;
    // "Too many recipients" may be counted per connection: the rest goes over a new one.
    const isWorn = pooled.carried >= MESSAGES_PER_CONNECTION || result.recipientsTaken !== undefined;
    if (!pooled.connection.usable) pooled.connection.destroy();
    else if (isWorn || isClosing) void pooled.connection.quit();
    else keep(pooled);
    return result;
  }

  function keep(pooled: Pooled): void {
    const drop = (): void => {
      pooled.stopIdling();
      const place = idle.indexOf(pooled);
      if (place !== -1) idle.splice(place, 1);
    };
    pooled.connection.onEnd(drop);
    pooled.stopIdling = parts.clock.after(IDLE_MS, () => {
      drop();
      void pooled.connection.quit();
    });
    idle.push(pooled);
  }

  return {
    name: config.name,
    clear: config.endpoints.some((endpoint) => endpoint.security === 'none'),
    connections: config.connections,
    rate: config.rate,
    maxSize: () => maxSize,
    async submit(given) {
      const count = given.envelope.recipients.length;
      const problem = envelopeProblem(given.envelope);
      if (problem !== null) return resultByUs(INVALID_ENVELOPE, count);
      return unlessClosed(given.signal, async (signal) => {
        const leave = await turnstile.enter({ signal, patienceMs: parts.waits.slot });
        if (leave === null) return resultByUs(putBack(signal.aborted), count);
        try {
          return await carry({ ...given, signal });
        } finally {
          leave();
        }
      });
    },
    probe(given): Promise<Condition> {
      return unlessClosed(given, async (signal) => {
        const opened = await open({ signal, until: parts.clock.now() + parts.waits.beforeDot });
        if (!opened.ok) return judgeOpening(opened.failure).condition;
        await opened.connection.quit();
        return { kind: 'well' };
      });
    },
    async close() {
      const resting = idle.splice(0);
      isClosing = true;
      for (const stop of underWay) stop.abort();
      for (const pooled of resting) pooled.stopIdling();
      await Promise.all(resting.map((pooled) => pooled.connection.quit()));
    },
  };
}

/** Another port helps where nothing answered. A reply, a certificate or our own stop would be the same there. */
function mayTryNextPort(opened: Opened): boolean {
  return !opened.ok && opened.failure.kind === 'broken';
}

/** Also when a 421 crossed with our MAIL: a server that ends an idle connection says so, and then closes. */
function isStale({ mail, ending, phase }: TransactionRecord): boolean {
  if (phase !== 'mail' && mail?.code !== 421) return false;
  return ending.kind === 'broken' ? mail === null || mail.code === 421 : mail?.code === 421;
}

/** Never put right in silence, and no text of the address: what it holds is what was wrong with it. */
const INVALID_ENVELOPE = {
  kind: 'failed',
  phase: 'claimed',
  reason: 'invalid_envelope',
  smtp: null,
  bounce: null,
  suppress: false,
} as const;

function putBack(aborted: boolean) {
  return {
    kind: 'back',
    phase: 'claimed',
    cause: aborted ? 'aborted' : 'busy',
    retryInMs: aborted ? 0 : BUSY_RETRY_MS,
    elsewhere: false,
  } as const;
}
