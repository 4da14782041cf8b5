import { afterEach, beforeEach, expect, it } from 'vitest';
import { readArrival } from '../../src/inbound/read-arrival.ts';
import { readClaim } from '../../src/inbound/read-claim.ts';
import type { ArrivalClaim, ReadMail } from '../../src/mailroom/arrival-records.ts';
import type { Authentication } from '../../src/mailroom/received-records.ts';
import { createReturnPaths } from '../../src/mime/return-path.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { sha256OfBytes } from '../../src/platform/node/hasher.ts';
import { clock } from '../../src/platform/node/host.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { head } from '../contracts/mailroom/inbox-house.ts';
import { readParts } from '../support/inbound-place.ts';
import { memoryObjects } from '../support/memory-objects.ts';

const paths = createReturnPaths({ key: new Uint8Array(32).fill(7), domain: 'bounces.example' });
const print = (account: string) => paths.print({ account, emailId: newId(), ordinal: 3 });

let objects: ReturnType<typeof memoryObjects>;
beforeEach(() => {
  objects = memoryObjects();
});
afterEach(() => {
  objects.isDown = false;
});

async function claimOf(mail: string, change: Partial<ArrivalClaim> = {}): Promise<ArrivalClaim> {
  const bytes = Buffer.from(mail);
  await objects.put('t/default/raw', bytes, { contentType: null });
  return {
    claimId: '1.x',
    id: newId(),
    createdAt: 0,
    source: 'smtp',
    envelopeFrom: '',
    envelopeTo: ['me@mine.example'],
    peer: null,
    rawKey: 't/default/raw',
    rawSize: bytes.length,
    rawSha256: sha256OfBytes(bytes),
    head: head(),
    attempt: 1,
    forwardTo: [],
    wantsBody: false,
    leaseUntil: Number.MAX_SAFE_INTEGER,
    ...change,
  };
}

const parts = () => readParts(objects, { returnPaths: paths });

async function read(mail: string, change: Partial<ArrivalClaim> = {}): Promise<ReadMail> {
  const outcome = await readArrival({ account: 'default', claim: await claimOf(mail, change) }, parts());
  if (outcome.kind !== 'read') throw new Error(JSON.stringify(outcome));
  return outcome.mail;
}

const bounce = (returnPath: string) =>
  [
    'From: mailer-daemon@there.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n',
    '--b\r\nContent-Type: text/plain\r\n\r\nNo.\r\n',
    '--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n',
    `--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <${returnPath}>\r\nSubject: x\r\n\r\n--b--\r\n`,
  ].join('\r\n');

it('a report is proved by the return path that it came to', async () => {
  const mail = await read('Subject: whatever\r\n\r\n', { envelopeTo: [await print('default')] });
  expect(mail.token).toMatchObject({ account: 'default', ordinal: 3 });
});

it('a report that came elsewhere is proved by the return path that it quotes', async () => {
  expect((await read(bounce(await print('default')))).token).toMatchObject({
    account: 'default',
    ordinal: 3,
  });
});

it('threats §15 r6: the return path of another account, or a forged one, proves nothing', async () => {
  expect((await read(bounce(await print('other')))).token).toBeNull();
  const forged = (await print('default')).replace(
    /^default./,
    (start) => `default${start.at(-1) === 'a' ? 'b' : 'a'}`,
  );
  expect((await read(bounce(forged))).token).toBeNull();
  expect(
    (
      await read(
        `Subject: quoting it in a mail that is no report\r\nReturn-Path: <${await print('default')}>\r\n\r\n`,
      )
    ).token,
  ).toBeNull();
});

it('a store that is down is nobody’s try; bytes that are gone or others are', async () => {
  const claim = await claimOf('Subject: x\r\n\r\n');
  objects.isDown = true;
  expect(await readArrival({ account: 'default', claim }, parts())).toEqual({
    kind: 'withdrawn',
    isUnreadable: true,
  });
  objects.isDown = false;
  objects.flip(claim.rawKey);
  expect(await readArrival({ account: 'default', claim }, parts())).toEqual({
    kind: 'failed',
    cause: 'raw_changed',
  });
  await objects.delete(claim.rawKey);
  expect(await readArrival({ account: 'default', claim }, parts())).toEqual({
    kind: 'failed',
    cause: 'raw_missing',
  });
});

it('bytes of the mail that storage does not give are told from files that it does not take', async () => {
  const claim = await claimOf(
    'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n',
  );
  const call = { account: 'default', claim };
  const fails = async (): Promise<never> => {
    throw new StoreUnavailable('told to fail');
  };
  const full = readParts({ ...objects, put: fails, head: fails, copy: fails }, { returnPaths: paths });
  expect(await readArrival(call, full)).toEqual({ kind: 'withdrawn' });

  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('Content-Type: application/pdf\r\n');
    throw new StoreUnavailable('a bad sector');
  }
  const get: typeof objects.get = async (key) => {
    const found = await objects.get(key);
    return found === null ? null : { ...found, body: broken() };
  };
  expect(await readArrival(call, readParts({ ...objects, get }, { returnPaths: paths }))).toEqual({
    kind: 'withdrawn',
    isUnreadable: true,
  });
});

it('a mail whose readers came to nothing twice is passed on unread, attached as it came', async () => {
  const mail = `${bounce(await print('default'))}\r\nSubject: too late\r\n`;
  const change = {
    attempt: 3,
    forwardTo: ['boss@there.example'],
    head: head(),
    envelopeTo: [await print('default')],
  };
  const claim = await claimOf(mail, change);
  const outcome = await readArrival({ account: 'default', claim }, parts());
  expect(outcome).toMatchObject({
    kind: 'read',
    mail: {
      parse: 'limited',
      head: { from: [{ address: 'mailer-daemon@there.example' }], subject: '' },
      content: { html: null, text: null },
      attachments: [],
      report: { kind: 'not_a_report' },
    },
    forwards: [
      { sender: '', attachments: [{ filename: 'original.eml', key: claim.rawKey, size: claim.rawSize }] },
    ],
  });
  const fields = `${'X-Mailwright-Loop: x\r\n'.repeat(3)}\r\n`;
  const circling = await readArrival({ account: 'default', claim: await claimOf(fields, change) }, parts());
  expect(circling).toMatchObject({ kind: 'read', forwards: [] });
});

it('the body is handed over for webhooks that asked for it, and for nobody else', async () => {
  const mail = 'Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n';
  const outcome = async (wantsBody: boolean) =>
    readArrival({ account: 'default', claim: await claimOf(mail, { wantsBody }) }, parts());
  expect(await outcome(false)).toMatchObject({ kind: 'read', body: null });
  expect(await outcome(true)).toMatchObject({ kind: 'read', body: { text: null, html: '<p>Hello</p>\n' } });
});

const TOLD = 'Authentication-Results: mx.trusted.example; spf=pass\r\n';

it.each([
  ['asked of a mail that came to our own listener', 'smtp', '', 'checked', 'checked'],
  ['asked although its sender wrote a trusted name on top', 'smtp', TOLD, 'checked', 'checked'],
  ['what a trusted server told, where the peer is none to be asked about', 'smtp', TOLD, 'none', 'header'],
  ['not asked of a mail that somebody else took', 'http', '', 'checked', 'none'],
] as const)('SPF, DKIM and DMARC are %s', async (_what, source, field, answer, expected) => {
  const claim = await claimOf(`${field}Subject: x\r\n\r\n`, { source });
  const checked: Authentication = { spf: 'pass', dkim: 'none', dmarc: 'none', source: answer };
  const { signal } = new AbortController();
  const settled: unknown[] = [];
  await readClaim(
    {
      ...{ account: 'default', claim },
      room: {
        async settleArrival({ outcome }) {
          settled.push(outcome.kind === 'read' ? outcome.mail.authentication.source : outcome.kind);
          return 'settled';
        },
      },
    },
    {
      read: (call) => readArrival(call, parts()),
      authenticate: async () => checked,
      host: { now: clock.now, after: clock.after, log: () => {} },
      signal,
      hurry: signal,
    },
  );
  expect(settled).toEqual([expected]);
});
