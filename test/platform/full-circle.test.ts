import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Delivery, Received } from '../../src/inbound/receive.ts';
import { type CatchAll, type Circle, openCatchAll } from '../../src/platform/node/catch-all.ts';
import { callSmtp, type SmtpCaller } from '../support/smtp-caller.ts';

const MAIL = 'Subject: one\r\n\r\ntwo\r\n';
const KEPT: Received = { kind: 'kept', id: '1', duplicate: false };
const FOREIGN: Received = { kind: 'refused', reason: 'domain', message: 'Not ours' };

let folder = '';
let catchAll: CatchAll;
let callers: SmtpCaller[] = [];
afterEach(async () => {
  for (const { socket } of callers) socket.destroy();
  callers = [];
  await catchAll.close(0);
  await rm(folder, { recursive: true });
});

async function open(circle: Partial<Circle>): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-circle-'));
  let nth = 0;
  catchAll = await openCatchAll({
    folder,
    account: 'default',
    clock: () => 0,
    newId: () => String(nth++),
    circle: () => ({ judge: async () => null, receive: async () => KEPT, ...circle }),
    log: () => {},
  });
}

/** The reply to the final dot, or the first that says no. */
async function send(to = ['c@d.example'], mail = MAIL): Promise<string> {
  const one = await callSmtp(catchAll);
  callers.push(one);
  for (const line of [
    'EHLO x.example',
    'MAIL FROM:<a@b.example>',
    ...to.map((path) => `RCPT TO:<${path}>`),
    'DATA',
  ]) {
    const reply = await one.say(`${line}\r\n`);
    if (!/^[23]/.test(reply)) return reply;
  }
  return one.say(`${mail}.\r\n`);
}

const caught = async (): Promise<readonly string[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
  return Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
};

async function bytesOf({ raw }: Delivery): Promise<string> {
  let text = '';
  for await (const piece of raw) text += Buffer.from(piece).toString('latin1');
  return text;
}

describe('what is sent without a relay', () => {
  it('is received, byte for byte, and kept as a file when both are done', async () => {
    const seen: unknown[] = [];
    await open({
      async receive(delivery) {
        const text = await bytesOf(delivery);
        seen.push(text, delivery.account, delivery.envelopeTo, await caught());
        return KEPT;
      },
    });
    expect(await send()).toBe('250 2.0.0 Kept as 1');
    expect(seen, 'no file before it is received').toEqual([MAIL, 'default', ['c@d.example'], []]);
    expect(await caught()).toEqual([MAIL]);
  });

  it.each([
    [
      'cannot be kept',
      async () => ({ kind: 'unavailable', refusal: { code: 'unavailable', message: '' } }) as const,
    ],
    [
      'fails',
      async () => {
        throw new Error('away');
      },
    ],
  ])('is sent again later, and no file is there, when receiving %s', async (_what, receive) => {
    await open({ receive });
    expect(await send()).toMatch(/^451 /);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is caught only when no recipient is received here', async () => {
    const came: Delivery[] = [];
    await open({
      judge: async () => FOREIGN,
      async receive(delivery) {
        came.push(delivery);
        return KEPT;
      },
    });
    expect(await send()).toMatch(/^250 /);
    expect(came).toEqual([]);
    expect(await caught()).toEqual([MAIL]);
  });

  it('is received for those recipients that are', async () => {
    const to: unknown[] = [];
    await open({
      judge: async ({ address }) => (address.endsWith('@here.example') ? null : FOREIGN),
      async receive(delivery) {
        to.push(...delivery.envelopeTo);
        return KEPT;
      },
    });
    expect(await send(['a@there.example', 'b@here.example'])).toMatch(/^250 /);
    expect(to).toEqual(['b@here.example']);
  });

  it('comes back as a refusal where a route rejects', async () => {
    await open({ judge: async () => ({ kind: 'refused', reason: 'route', message: 'Moved away' }) });
    expect(await send()).toBe('550 5.7.1 Moved away');
    expect(await caught()).toEqual([]);
  });

  it.each([
    ['is too large to be received', { kind: 'refused', reason: 'size', message: 'Too large' }],
    ['is thrown away by a route', { kind: 'dropped' }],
  ] as const)('is caught whole when it %s, however little of it was read', async (_what, received) => {
    await open({ receive: async () => received });
    const mail = `${`${'x'.repeat(998)}\r\n`.repeat(500)}`;
    expect(await send(['c@d.example'], mail)).toMatch(/^250 /);
    expect(await caught()).toEqual([mail]);
  });
});
