import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReceive } from '../../src/inbound/funnel.ts';
import { createJudge } from '../../src/inbound/judge.ts';
import type { Delivery, Receive } from '../../src/inbound/receive.ts';
import type { ReceivedDetail } from '../../src/mailroom/received-records.ts';
import { readSettings } from '../../src/operator/settings.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { openReading, type Reading, threadsFor } from '../../src/platform/node/reading.ts';
import { openSecretKey } from '../../src/platform/node/secret-key.ts';
import { HOSTILE_MAIL } from '../support/hostile-mail.ts';
import { type NodePlace, nodePlace } from '../support/inbound-place.ts';

/** Above the longest line that is kept. */
const MAIL_BYTES = 1_300_000;

let place: NodePlace;
let reading: Reading;
let receive: Receive;
/** Called whenever a mail has been read. */
let onFinished: () => void;
let outcomes: string[];

beforeEach(async () => {
  outcomes = [];
  place = await nodePlace();
  const read = readSettings({ DATA_DIR: place.folder }, { hostname: 'here.example' });
  if (!read.ok) throw new Error(read.problems.join());
  const room = async (name: string) => (name === 'default' ? place.room : null);
  reading = openReading(read.settings, {
    rooms: { names: () => ['default'], room },
    finished: () => onFinished(),
    secretKey: openSecretKey({ dataDir: place.folder, given: undefined }),
    publicUrl: 'https://mail.example',
    log: (line) => void (line.event === 'mail_read' && outcomes.push(String(line['outcome']))),
  });
  const settings = { receivingDomains: null, returnPathDomain: null };
  receive = createReceive({
    room,
    judge: createJudge({ room, returnPaths: null, log: () => {}, settings }),
    objects: place.objects,
    host: { now: () => Date.now(), log: () => {} },
    newId,
    wake: (account) => reading.reader.wake(account),
    maxBytes: 64 * 1024 * 1024,
  });
});
afterEach(async () => {
  await reading.reader.stop(1_000);
  await reading.close();
  await place.close();
});

async function take(raw: Delivery['raw']): Promise<string> {
  const received = await receive({
    ...{
      account: 'default',
      source: 'smtp',
      envelopeFrom: '',
      envelopeTo: ['a@b.example'],
      deliveryId: null,
    },
    peer: { remoteAddress: '127.0.0.1', ehlo: 'x' },
    raw,
  });
  if (received.kind !== 'kept') throw new Error(JSON.stringify(received));
  return received.id;
}

/** Until nothing is to be read any more. */
async function allRead(): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    onFinished = resolve;
    if ((await place.room.nextArrivalDue({ now: Date.now() })) === null) return;
    await promise;
  }
}

async function detail(id: string): Promise<ReceivedDetail> {
  const found = await place.room.receivedEmail({ id });
  if (found === null) throw new Error('not there');
  return found;
}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* all(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Of each thread of this process (proc(5), stat: 17 fields behind the name in brackets). */
function priorities(): readonly number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

describe('mail that is read in a thread', () => {
  it('is read in full, its files in the same storage', async () => {
    const id = await take(
      one(
        'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nYes.\r\n--b\r\nContent-Type: a/b\r\n\r\nfile\r\n--b--\r\n',
      ),
    );
    await allRead();
    const found = await detail(id);
    expect(found).toMatchObject({ parse: 'full', strippedText: 'Yes.', authentication: { source: 'none' } });
    expect(await place.objects.head(found.attachments[0]?.key ?? '')).toMatchObject({ size: 4 });
  });

  it.skipIf(process.platform !== 'linux')('gives way to whoever accepts', async () => {
    const usual = getPriority();
    const lower = Math.min(usual + 10, 19);
    expect(priorities()).not.toContain(lower);
    await take(one('Subject: one\r\n\r\n'));
    await allRead();
    expect(priorities()).toContain(lower);
    expect(getPriority()).toBe(usual);
  });

  it.each([
    [1, { threads: 2, forLarge: 1 }],
    [2, { threads: 2, forLarge: 1 }],
    [3, { threads: 3, forLarge: 2 }],
    [64, { threads: 4, forLarge: 3 }],
  ])(
    'of %i processors leaves one to those who send, however many large mails come',
    (processors, threads) => {
      expect(threadsFor(processors)).toEqual(threads);
    },
  );

  it('threats §7 r9: hostile mail is read as far as it goes, and the loop of the process goes on', async () => {
    const ids: string[] = [];
    for (const mail of HOSTILE_MAIL) ids.push(await take(all(mail.pieces(MAIL_BYTES))));
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 10);
    await allRead();
    clearInterval(watch);
    expect(outcomes).toEqual(HOSTILE_MAIL.map(() => 'read'));
    for (const [nth, id] of ids.entries()) {
      const { breaks, name } = HOSTILE_MAIL[nth] ?? { breaks: null, name: '' };
      if (breaks !== null) expect((await detail(id)).parse, name).toBe('limited');
    }
    expect(longest).toBeLessThan(1_500);
  }, 120_000);
});
