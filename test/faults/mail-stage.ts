import { Readable } from 'node:stream';
import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { openSink } from '../support/sink.ts';
import { cpuOf } from '../support/usage.ts';
import { pause, soon } from '../support/wait-until.ts';
import { WebhookSink } from '../support/webhook-sink.ts';
import { KEY, relaySettings } from './sending.ts';

const LIFETIME_MS = 2 * 3_600_000;
const READ_WITHIN_MS = 120_000;
/** Of a second: so little is done when nobody asks for anything. */
const IDLE_CPU_MS = 50;
const IDLE_WITHIN_MS = 60_000;

/** The real process with mail handed in over HTTP, a webhook that is told what was read, and a relay. */
export interface MailStage {
  readonly pid: number;
  readonly url: string;
  hasDied(): boolean;
  /** The id, or null when it was not taken. To somebody else each time: the same again would be a repetition, and not be read. */
  hand(raw: Iterable<Uint8Array>): Promise<string | null>;
  /** Whether the webhook is told of it in time. */
  isTold(id: string | null): Promise<boolean>;
  /** Resolves when what was asked for before is done. */
  untilIdle(): Promise<void>;
  close(): Promise<void>;
}

export async function openMailStage(): Promise<MailStage> {
  const sink = await openSink();
  let secret: string | null = null;
  const hook = await WebhookSink.open({ secretOf: () => secret, fail: () => null, now: () => Date.now() });
  const runner = await CrashRunner.open({
    ...relaySettings(sink),
    RECEIVING_DOMAINS: 'example.com',
    EGRESS_ALLOW: '127.0.0.1',
  });
  const close = async (): Promise<void> => {
    await runner.close();
    await hook.close();
    await sink.close();
  };
  try {
    await runner.start({ lifetimeMs: LIFETIME_MS });
    const body = JSON.stringify({ endpoint: hook.url('mail'), events: ['email.received'] });
    const made = await call({ url: `${runner.url}/webhooks`, key: KEY, body });
    secret = JSON.parse(made?.text ?? '{}').signing_secret ?? null;
  } catch (cause) {
    await close();
    throw cause;
  }
  let handed = 0;
  return {
    pid: runner.pid,
    url: runner.url,
    hasDied: () => runner.ended !== null,
    async hand(raw) {
      handed += 1;
      try {
        const answer = await fetch(
          `${runner.url}/inbound/mime?to=in-${handed}@example.com&from=out@example.org`,
          {
            method: 'POST',
            headers: { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' },
            body: Readable.toWeb(Readable.from(raw)) as ReadableStream,
            duplex: 'half',
          },
        );
        const text = await answer.text();
        return answer.status === 200 ? JSON.parse(text).id : null;
      } catch {
        return null;
      }
    },
    isTold: async (id) =>
      id !== null &&
      (await soon(() => [...hook.events.values()].some(({ emailId }) => emailId === id), READ_WITHIN_MS)),
    untilIdle: () => untilIdle(runner.pid),
    close,
  };
}

async function untilIdle(pid: number): Promise<void> {
  let before = await cpuOf(pid);
  await soon(async () => {
    await pause(1_000);
    const now = await cpuOf(pid);
    const isIdle = now - before < IDLE_CPU_MS;
    before = now;
    return isIdle;
  }, IDLE_WITHIN_MS);
}
