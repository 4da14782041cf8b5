import { type Answered, call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { type Kept, numbered, numberOf } from '../support/ledger.ts';
import { type Arrival, openSink } from '../support/sink.ts';
import { pause, soon } from '../support/wait-until.ts';
import { drain } from './drain.ts';
import type { Report } from './figure.ts';
import { KEY, relaySettings } from './sending.ts';

const AT_ONCE = 50;

/** Keys that are under way together. */
const KEYS_AT_ONCE = 10;

/** Every so many mails have a file, which is stored before they are accepted: their keys are reserved meanwhile. */
const KEYS_PER_FILE = 5;
const FILE = { filename: 'file.txt', content: btoa('It works. '.repeat(1_000)) };

/** A reservation lives 60 s (delivery.md section 11): what a killed process held is free in the next life. */
const LEAP_MS = 61_000;

/** The share of the answers after which a process is killed: from none of them to this. */
const MOST_ANSWERED = 0.8;
const VOLLEY_WITHIN_MS = 30_000;
const AGAIN_AFTER_MS = 20;

export interface IdempotencySize {
  readonly keys: number;
}

export const IDEMPOTENCY: IdempotencySize = { keys: 500 };
export const IDEMPOTENCY_SHORT: IdempotencySize = { keys: 20 };

/** What was answered under one key. */
interface Key {
  readonly number: number;
  /** Texts of 200 answers. */
  readonly answers: Set<string>;
  /** Answers that are neither 200 nor "still running". */
  readonly strange: Set<string>;
  /** What another request under the same key was answered. */
  mismatch: string;
}

/** Equal requests at once, with a kill in their middle, and again after it: one key is one send. */
export async function idempotency({ keys: count }: IdempotencySize): Promise<Report> {
  const sink = await openSink();
  const runner = await CrashRunner.open({ ...relaySettings(sink), UNKNOWN_RETRY: 'never' });
  const volleys = new Volleys(runner);
  try {
    const keys = Array.from(
      { length: count },
      (_, number): Key => ({ number, answers: new Set(), strange: new Set(), mismatch: '' }),
    );
    await runner.start();
    for (let first = 0; first < count; first += KEYS_AT_ONCE) {
      const some = keys.slice(first, first + KEYS_AT_ONCE);
      await volleys.killed(some);
      await runner.start();
      await volleys.whole(some);
    }
    await runner.stop();
    return reportOf({ keys, volleys, kept: await drain(runner, sink), arrivals: sink.arrived });
  } finally {
    await runner.close();
    await sink.close();
  }
}

/** All requests of some keys, at once. */
class Volleys {
  requests = 0;
  /** Requests that had no answer, because the process died. */
  unanswered = 0;
  /** Requests that were told that the first one is still running. */
  running = 0;
  kills = 0;
  readonly #runner: CrashRunner;

  constructor(runner: CrashRunner) {
    this.#runner = runner;
  }

  /** The process is killed when some part of the answers is there, from none to most of them. */
  async killed(keys: readonly Key[]): Promise<void> {
    const volley = this.#fire(keys, 'once');
    const enough = Math.random() * MOST_ANSWERED * volley.length;
    let answered = 0;
    for (const one of volley) void one.then(() => (answered += 1));
    await soon(() => answered >= enough, VOLLEY_WITHIN_MS);
    await this.#runner.kill();
    this.kills += 1;
    await Promise.all(volley);
    this.#runner.leap(LEAP_MS);
  }

  /** Everybody gets the answer, and then another request under each key gets none. */
  async whole(keys: readonly Key[]): Promise<void> {
    await Promise.all(this.#fire(keys, 'until answered'));
    for (const key of keys) {
      const answer = await this.#post(key, numbered(key.number, { text: 'Another text.' }));
      key.mismatch = `${answer?.status} ${nameIn(answer)}`;
    }
  }

  #fire(keys: readonly Key[], how: 'once' | 'until answered'): readonly Promise<void>[] {
    const turns = Array.from({ length: AT_ONCE }, () => keys).flat();
    return turns.map((key) => this.#ask(key, how));
  }

  async #ask(key: Key, how: 'once' | 'until answered'): Promise<void> {
    const body = numbered(key.number, key.number % KEYS_PER_FILE === 0 ? { attachments: [FILE] } : {});
    const until = performance.now() + VOLLEY_WITHIN_MS;
    while (performance.now() < until) {
      const answer = await this.#post(key, body);
      if (answer === null) this.unanswered += 1;
      else if (answer.status === 200) key.answers.add(answer.text);
      else if (nameIn(answer) !== 'concurrent_idempotent_requests') key.strange.add(answer.text);
      else {
        this.running += 1;
        if (how === 'until answered') {
          await pause(AGAIN_AFTER_MS);
          continue;
        }
      }
      return;
    }
    key.strange.add('It never got an answer but that the first is still running.');
  }

  #post({ number }: Key, body: string): Promise<Answered | null> {
    this.requests += 1;
    const headers = { 'idempotency-key': `key-${number}` };
    return call({ url: `${this.#runner.url}/emails`, key: KEY, body, headers });
  }
}

function nameIn(answer: Answered | null): string {
  return answer === null ? 'no answer' : JSON.parse(answer.text).name;
}

function reportOf({
  keys,
  volleys,
  kept,
  arrivals,
}: {
  readonly keys: readonly Key[];
  readonly volleys: Volleys;
  readonly kept: readonly Kept[];
  readonly arrivals: readonly Arrival[];
}): Report {
  const mails = Map.groupBy(kept, ({ number }) => number);
  const copies = Map.groupBy(arrivals, numberOf);
  const isOneSend = ({ number }: Key): boolean => {
    const [mail, ...others] = mails.get(number) ?? [];
    const arrived = copies.get(number)?.length ?? 0;
    return others.length === 0 && (arrived === 1 || (arrived === 0 && mail?.state === 'unknown'));
  };
  const wrong = {
    sends: keys.filter((key) => !isOneSend(key)),
    answers: keys.filter(({ answers }) => answers.size !== 1),
    strange: keys.filter(({ strange }) => strange.size > 0),
    mismatches: keys.filter(({ mismatch }) => mismatch !== '409 invalid_idempotent_request'),
  };
  const perKey = { of: keys.length, unit: 'keys', atMost: 0 };
  return {
    part: 'idempotency',
    figures: [
      { ...perKey, figure: 'idempotency keys with more or less than one send', seen: wrong.sends.length },
      { ...perKey, figure: 'idempotency keys answered by more than one body', seen: wrong.answers.length },
      {
        ...perKey,
        figure: 'idempotency keys under which another request was not refused by 409',
        seen: wrong.mismatches.length,
      },
      {
        ...perKey,
        figure: 'idempotency keys with an answer that is neither the mail nor "still running"',
        seen: wrong.strange.length,
      },
    ],
    facts: {
      kills: volleys.kills,
      requests: volleys.requests,
      'requests without an answer': volleys.unanswered,
      'answers "still running"': volleys.running,
    },
    evidence: [
      ...wrong.sends.map(
        ({ number }) =>
          `key ${number}: ${mails.get(number)?.length ?? 0} kept, ${copies.get(number)?.length ?? 0} arrived`,
      ),
      ...wrong.answers.map(({ number, answers }) => `key ${number}: ${[...answers].join(' ')}`),
      ...wrong.mismatches.map(({ number, mismatch }) => `key ${number}, another request: ${mismatch}`),
      ...wrong.strange.map(({ number, strange }) => `key ${number}: ${[...strange].join(' ')}`),
    ],
  };
}
