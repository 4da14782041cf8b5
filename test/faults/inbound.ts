import { createHash } from 'node:crypto';
import { read, readAll } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { refusedPort } from '../support/scripted-smtp-server.ts';
import { openSink } from '../support/sink.ts';
import { pause, soon, waitUntil } from '../support/wait-until.ts';
import type { Report } from './figure.ts';
import { InboundSender, type SentIn } from './inbound-sender.ts';
import { KEY, relaySettings } from './sending.ts';

const AT_ONCE = 8;
const KILL_WITHIN_MS = 300;
const LIFE_WITHIN_MS = 30_000;
/** From the moment at which one is waited for. */
const READ_WITHIN_MS = 20_000;

export interface InboundSize {
  readonly lives: number;
  /** Mails that one has acknowledged before its last moments begin. */
  readonly takenFirst: number;
}

export const INBOUND: InboundSize = { lives: 100, takenFirst: 40 };
export const INBOUND_SHORT: InboundSize = { lives: 4, takenFirst: 10 };

interface Found {
  readonly id: string;
  readonly number: number;
  readonly sha256: string | null;
  readonly isRead: boolean;
}

/** `kill -9` while mail comes in; what was not acknowledged is sent again, as servers do. */
export async function inbound({ lives, takenFirst }: InboundSize): Promise<Report> {
  const sink = await openSink();
  const smtpPort = await refusedPort();
  const runner = await CrashRunner.open({
    ...relaySettings(sink),
    RECEIVING_DOMAINS: 'example.com',
    SMTP_PORT: String(smtpPort),
    SMTP_HOST: '127.0.0.1',
  });
  try {
    await runner.start();
    const sender = new InboundSender({ url: () => runner.url, key: KEY, smtpPort }, AT_ONCE);
    for (let life = 0; life < lives; life++) {
      const enough = sender.taken.length + takenFirst;
      await waitUntil(() => sender.taken.length >= enough, {
        withinMs: LIFE_WITHIN_MS,
        what: `${takenFirst} mails taken`,
      });
      await pause(Math.random() * KILL_WITHIN_MS);
      await runner.kill();
      await runner.start();
    }
    await sender.end();
    return reportOf(sender.taken, await findAll(runner), lives);
  } finally {
    await runner.close();
    await sink.close();
  }
}

interface Listed {
  readonly id: string;
  readonly subject: string;
}

interface Detailed {
  readonly parse: 'full' | 'limited';
  readonly raw: { readonly download_url: string } | null;
}

function listed(runner: CrashRunner): Promise<readonly Listed[]> {
  return readAll<Listed>({ url: `${runner.url}/emails/receiving`, key: KEY });
}

async function findAll(runner: CrashRunner): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const { id, subject } of await listed(runner)) {
    // Reading comes after the acknowledgement.
    const isRead = await soon(async () => (await detailed(runner, id)).parse === 'full', READ_WITHIN_MS);
    const { raw } = await detailed(runner, id);
    const answer = raw === null ? null : await fetch(raw.download_url);
    const bytes = answer?.ok === true ? new Uint8Array(await answer.arrayBuffer()) : null;
    const sha256 = bytes === null ? null : createHash('sha256').update(bytes).digest('hex');
    found.push({ id, number: Number(/^Number (\d+)$/.exec(subject)?.[1]), sha256, isRead });
  }
  return found;
}

function detailed(runner: CrashRunner, id: string): Promise<Detailed> {
  return read<Detailed>({ url: `${runner.url}/emails/receiving/${id}`, key: KEY });
}

function reportOf(taken: readonly SentIn[], found: readonly Found[], lives: number): Report {
  const kept = Map.groupBy(found, ({ number }) => number);
  const lost = taken.filter(({ number, sha256 }) => !kept.get(number)?.some((one) => one.sha256 === sha256));
  const twice = [...kept].filter(([, all]) => all.length > 1);
  const unread = found.filter((one) => !one.isRead);
  const of = taken.length;
  return {
    part: 'inbound',
    figures: [
      {
        figure: 'acknowledged mail that is not there, byte for byte, after kill -9',
        seen: lost.length,
        of,
        unit: 'acknowledged mails',
        atMost: 0,
      },
      {
        figure: 'mail that is there twice because its sender heard no acknowledgement',
        seen: twice.length,
        of,
        unit: 'acknowledged mails',
        atMost: 0,
      },
    ],
    facts: {
      kills: lives,
      'handed in more than once': taken.filter(({ tries }) => tries > 1).length,
      // Two tries, and one that is killed counts: then its header facts are told (settled.md).
      'told by their header alone, since their reader was killed twice': unread.length,
      'most tries': Math.max(...taken.map(({ tries }) => tries)),
    },
    evidence: [
      ...lost.map(({ number }) => `lost: ${number}`),
      ...twice.map(([number]) => `twice: ${number}`),
      ...unread.map(({ number, id }) => `not read: ${number} ${id}`),
    ],
  };
}
