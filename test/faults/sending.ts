import { call } from '../support/caller.ts';
import type { CrashRunner } from '../support/crash-runner.ts';
import { numbered } from '../support/ledger.ts';
import type { Sink } from '../support/sink.ts';
import { pause } from '../support/wait-until.ts';

/** The operator's key of every process that is started here. */
export const KEY = 'an-operator-key-of-mine-0001';

/** A relay on this machine, told so. */
export function relaySettings(sink: Pick<Sink, 'port'>): Readonly<Record<string, string>> {
  return {
    API_KEY: KEY,
    DOMAINS: 'example.com',
    RATE_LIMIT: '0',
    RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none&name=sink`,
  };
}

/** A relay takes its time for its reply to the dot, which is when a crash hurts. */
export function slowly(sink: Sink, withinMs: number): void {
  sink.onMessage = () => pause(Math.random() * withinMs);
}

const AT_ONCE = 16;

/** Sends so many numbered mails, several at once; answers the ids of those that were accepted. */
export async function sendNumbered(
  runner: CrashRunner,
  count: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<ReadonlyMap<number, string>> {
  const accepted = new Map<number, string>();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const answer = await call({ url: `${runner.url}/emails`, key: KEY, body: numbered(number, more) });
      if (answer?.status === 200) accepted.set(number, JSON.parse(answer.text).id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return accepted;
}

/** Sends numbered mails at an even pace, whether the ones before are answered or not, and knows which were accepted. */
export class Sender {
  /** The ids that were answered by 2xx. */
  readonly accepted = new Map<number, string>();
  readonly #runner: CrashRunner;
  readonly #everyMs: number;
  readonly #open = new Set<Promise<void>>();
  #number = 0;
  #isSending = false;
  #pacing: Promise<void> = Promise.resolve();

  constructor(runner: CrashRunner, perSecond: number) {
    this.#runner = runner;
    this.#everyMs = 1000 / perSecond;
  }

  /** Mails that were tried. */
  get tried(): number {
    return this.#number;
  }

  begin(): void {
    this.#isSending = true;
    this.#pacing = this.#pace();
  }

  /** Nothing is begun any more, and everything under way has its answer or none. */
  async end(): Promise<void> {
    this.#isSending = false;
    await this.#pacing;
    await Promise.all(this.#open);
  }

  /** By the clock and not by pauses, which a busy machine makes longer. */
  async #pace(): Promise<void> {
    const since = performance.now();
    for (let sent = 0; this.#isSending; sent++) {
      await pause(since + sent * this.#everyMs - performance.now());
      const one = this.#send(this.#number++).finally(() => this.#open.delete(one));
      this.#open.add(one);
    }
  }

  async #send(number: number): Promise<void> {
    const answer = await call({ url: `${this.#runner.url}/emails`, key: KEY, body: numbered(number) });
    if (answer?.status === 200) this.accepted.set(number, JSON.parse(answer.text).id);
  }
}
