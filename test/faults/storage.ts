import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { numbered } from '../support/ledger.ts';
import { startFaultProxy } from '../support/s3-faults.ts';
import { startS3Server } from '../support/s3-server.ts';
import { openSink } from '../support/sink.ts';
import { drain } from './drain.ts';
import type { Report } from './figure.ts';
import { runApart } from './namespace.ts';
import { KEY, relaySettings } from './sending.ts';
import { failingCalls, hasStrace, type Persisted } from './storage-calls.ts';

export interface StorageSize {
  /** Mails for each kind of trouble. */
  readonly mails: number;
  /** Mails with a file, of which every second cannot be stored. */
  readonly files: number;
}

export const STORAGE: StorageSize = { mails: 1_000, files: 200 };
export const STORAGE_SHORT: StorageSize = { mails: 60, files: 6 };

/** Mails of `full-disk.ts` that fill its file system, and some more. */
const FILLING = 250;

const NONE: Persisted = { accepted: 0, refused: 0, gone: 0, evidence: [] };

/** A store that cannot keep what it is given: no 2xx may promise what is not there afterwards. */
export async function storage({ mails, files }: StorageSize): Promise<Report> {
  const calls = hasStrace()
    ? await failingCalls(mails)
    : { ...NONE, evidence: ['strace is not installed: no system call could be made to fail'] };
  const full = (await runApart<Persisted>(join(import.meta.dirname, 'full-disk.ts'), {
    args: [String(Math.max(mails, FILLING))],
    apart: { mounts: true },
  })) ?? { ...NONE, evidence: ['a mount namespace is not permitted here: no file system could be filled'] };
  const bucket = await failingBucket(files);
  const line = (what: string, { accepted, refused, gone }: Persisted) => ({
    figure: `2xx that did not persist: ${what}`,
    seen: gone,
    of: accepted + refused,
    unit: 'sends',
    atMost: 0,
  });
  return {
    part: 'storage',
    figures: [
      line('fsync, fdatasync and pwrite64 fail (strace)', calls),
      line('the file system is full', full),
      line('object storage answers 500', bucket),
    ],
    facts: {
      'accepted while calls failed': calls.accepted,
      'refused then': calls.refused,
      'accepted before the file system was full': full.accepted,
      'refused afterwards': full.refused,
      'accepted while object storage failed': bucket.accepted,
      'refused while it failed': bucket.refused,
    },
    evidence: [...calls.evidence, ...full.evidence, ...bucket.evidence],
  };
}

/** Every second file meets a bucket that answers 500 to all that is put into it, however often it is tried. */
async function failingBucket(files: number): Promise<Persisted> {
  const bucket = await startS3Server();
  const proxy = await startFaultProxy(bucket.url);
  const sink = await openSink();
  const { region, bucket: name, accessKeyId, secretAccessKey } = bucket.settings;
  const runner = await CrashRunner.open({
    ...relaySettings(sink),
    S3_ENDPOINT: proxy.url,
    S3_REGION: region,
    S3_BUCKET: name,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_FORCE_PATH_STYLE: 'true',
  });
  try {
    await runner.start();
    const accepted = new Map<number, string>();
    const contents = new Map<number, string>();
    const promised: string[] = [];
    for (let number = 0; number < files; number++) {
      const isDown = number % 2 === 1;
      proxy.clear();
      const fault = { kind: 'answer', status: 500, code: 'InternalError' } as const;
      if (isDown) proxy.fault(fault, ({ method }) => method !== 'GET', Number.POSITIVE_INFINITY);
      const content = randomBytes(30_000).toString('base64');
      contents.set(number, content);
      const body = numbered(number, { attachments: [{ filename: 'a.bin', content }] });
      const answer = await call({ url: `${runner.url}/emails`, key: KEY, body });
      if (answer?.status !== 200) continue;
      accepted.set(number, JSON.parse(answer.text).id);
      if (isDown) promised.push(`mail ${number} was accepted without its file`);
    }
    proxy.clear();
    await runner.kill();
    await drain(runner, sink);
    const isWhole = (number: number): boolean =>
      sink.arrived.some(
        ({ text }) =>
          text.includes(`Subject: Number ${number}\r`) &&
          text.replaceAll('\r\n', '').includes(contents.get(number) ?? '-'),
      );
    const missing = [...accepted.keys()].filter((number) => !isWhole(number));
    return {
      accepted: accepted.size,
      refused: files - accepted.size,
      gone: new Set([...missing]).size,
      evidence: [...promised, ...missing.map((number) => `mail ${number} did not arrive with its file`)],
    };
  } finally {
    await runner.close();
    await proxy.close();
    await bucket.close();
    await sink.close();
  }
}
