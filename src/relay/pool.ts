import type { Connect, Connection, OpenCall, Opened, TransactionRecord } from './connection.ts';
import { envelopeProblem } from './envelope.ts';
import { type Clock, timedOut, type Waits } from './patience.ts';
import type { Condition, Relay, RelayConfig, Submission, SubmissionResult } from './relay.ts';
import { isPositive } from './reply.ts';
import { BUSY_RETRY_MS } from './transaction.ts';
import { createTurnstile, type Place } from './turnstile.ts';
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
/** RFC 5321 §4.2.3. */
const BAD_SEQUENCE = 503;
const BEFORE_BODY = ['mail', 'rcpt', 'data'] as const;

interface Pooled {
  readonly connection: Connection;
  carried: number;
  stopIdling: () => void;
  /** Transactions that have not ended: one, and the next one behind its dot. */
  underWay: number;
  /** Settles when all of them have. */
  over: Promise<void>;
  isWorn: boolean;
}

/** What came of one submission; its connection is held until `over` settles. */
interface Carried {
  readonly result: SubmissionResult;
  readonly over: Promise<void>;
}

/** One relay: a few connections, kept between messages, over the endpoint that worked last. */
export function createRelay(config: RelayConfig, parts: RelayParts): Relay {
  const turnstile = createTurnstile({ slots: config.connections, rate: config.rate, clock: parts.clock });
  /** What is under way, so that `close` can end it. A signal made of two others costs as much as reading a few replies. */
  const underWay = new Set<AbortController>();
  let isClosing = false;
  const idle: Pooled[] = [];
  /** Their dots are leaving: the next envelope goes along with each, and saves a round trip. As many are on their way to take them. */
  const atDot: Pooled[] = [];
  /** False once this relay has lost step over that. */
  let mayFollow = true;
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
  async function carry(submission: Submission, place: Place): Promise<Carried> {
    const until = parts.clock.now() + parts.waits.beforeDot;
    const kept = takeKept();
    if (kept !== null) {
      const isBehind = kept.underWay > 0;
      const { record, result } = await transact(kept, submission, { until, place });
      const isStale = isGone(record) || (isBehind && isUnsure(record));
      // Nobody was asked yet: nothing is known of the relay.
      const isUnasked = isBehind && record.mail === null && record.ending.kind === 'withdrawn';
      if (!isStale) return { result: isUnasked ? { ...result, condition: null } : result, over: kept.over };
      if (isBehind && hasLostStep(record)) mayFollow = false;
      kept.connection.destroy();
    }
    const opened = await open({ until, signal: submission.signal });
    if (!opened.ok) {
      const result = resultWithoutConnection(opened.failure, submission.envelope.recipients.length);
      return { result, over: Promise.resolve() };
    }
    const fresh: Pooled = {
      connection: opened.connection,
      carried: 0,
      stopIdling: () => undefined,
      underWay: 0,
      over: Promise.resolve(),
      isWorn: false,
    };
    const { result } = await transact(fresh, submission, { until, place });
    return { result, over: fresh.over };
  }

  function transact(
    pooled: Pooled,
    submission: Submission,
    { until, place }: { readonly until: number; readonly place: Place },
  ): Promise<{ readonly record: TransactionRecord; readonly result: SubmissionResult }> {
    pooled.underWay += 1;
    const transaction = pooled.connection.transact(submission, {
      until,
      mayFollow() {
        const isLast = pooled.carried + pooled.underWay >= MESSAGES_PER_CONNECTION;
        if (!mayFollow || isClosing || isLast || pooled.underWay > 1) return;
        // Who waits longest comes for it before the loop turns.
        if (place.handOver()) atDot.push(pooled);
      },
    });
    const ended = transaction.then((record) => ({ record, result: resultOf(record) }));
    pooled.over = Promise.all([pooled.over, ended]).then(([, { result }]) => {
      pooled.underWay -= 1;
      pooled.carried += 1;
      // "Too many recipients" may be counted per connection: the rest goes over a new one.
      pooled.isWorn ||= result.recipientsTaken !== undefined;
      if (pooled.underWay === 0) giveBack(pooled);
    });
    return ended;
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

  function takeKept(): Pooled | null {
    const leaving = atDot.shift();
    if (leaving?.connection.usable === true) return leaving;
    for (let pooled = idle.pop(); pooled !== undefined; pooled = idle.pop()) {
      pooled.stopIdling();
      if (pooled.connection.usable) return pooled;
    }
    return null;
  }

  function giveBack(pooled: Pooled): void {
    const isWorn = pooled.isWorn || pooled.carried >= MESSAGES_PER_CONNECTION;
    if (!pooled.connection.usable) pooled.connection.destroy();
    else if (isWorn || isClosing) void pooled.connection.quit();
    else keep(pooled);
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
        const place = await turnstile.enter({ signal, patienceMs: parts.waits.slot });
        if (place === null) return resultByUs(putBack(signal.aborted), count);
        try {
          const { result, over } = await carry({ ...given, signal }, place);
          void over.then(place.leave);
          return result;
        } catch (cause) {
          place.leave();
          throw cause;
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
function isGone({ mail, ending, phase }: TransactionRecord): boolean {
  if (phase !== 'mail' && mail?.code !== 421) return false;
  return ending.kind === 'broken' ? mail === null || mail.code === 421 : mail?.code === 421;
}

/**
 * Behind a dot, a reply too many would be taken for the answer to MAIL, and every later one be misread: a refused sender for a
 * refused recipient. Only a 354 in its place shows that they are in step. Everything else is asked again alone.
 */
function isUnsure({ phase, ending }: TransactionRecord): boolean {
  return phase !== 'body' && phase !== 'dot' && (ending.kind === 'answered' || ending.kind === 'broken');
}

/** There are servers that throw away what comes behind a dot, or some of it, and servers that answer the dot twice. */
function hasLostStep({ mail, recipients, data, ending }: TransactionRecord): boolean {
  if (mail?.code === BAD_SEQUENCE) return true;
  if (ending.kind !== 'broken') return false;
  const isMisplaced = [mail, ...recipients].some((reply) => reply?.code === 354) || isPositive(data);
  return isMisplaced || BEFORE_BODY.some((phase) => ending.cause === timedOut(phase));
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
