import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatchAll, openCatchAll } from '../../src/platform/node/catch-all.ts';
import { callSmtp, type SmtpCaller } from '../support/smtp-caller.ts';

let folder = '';
let catchAll: CatchAll;
let visits: SmtpCaller[] = [];
let nth = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-caught-'));
  catchAll = await openCatchAll({
    folder: join(folder, 'caught'),
    account: 'default',
    circle: () => null,
    log: () => {},
    clock: () => 0,
    newId: () => `id-${nth++}`,
  });
  visits = [];
});
afterEach(async () => {
  for (const { socket } of visits) socket.destroy();
  await catchAll.close(0);
  await rm(folder, { recursive: true });
});

async function visit(): Promise<SmtpCaller> {
  const one = await callSmtp(catchAll);
  visits.push(one);
  return one;
}

async function toData(): Promise<SmtpCaller> {
  const one = await visit();
  for (const line of ['EHLO x.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>']) {
    expect(await one.say(`${line}\r\n`)).toMatch(/^250/);
  }
  expect(await one.say('DATA\r\n')).toMatch(/^354/);
  return one;
}

async function caught(): Promise<readonly string[]> {
  const names = await readdir(catchAll.folder);
  return Promise.all(names.map((name) => readFile(join(catchAll.folder, name), 'latin1')));
}

const SMUGGLED =
  'MAIL FROM:<x@y.example>\r\nRCPT TO:<v@z.example>\r\nDATA\r\nSubject: two\r\n\r\ntwo\r\n.\r\n';

describe('threats §2 r3: what is not CRLF, dot, CRLF ends no message', () => {
  it.each(['\n.\n', '\n.\r\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\r\n.\n', '\r\r\n.\r\r\n'])(
    'with a line that ends in CR or LF alone (%j) it is refused, and nothing of it is kept',
    async (end) => {
      const one = await toData();
      // Everything up to the one real end is the message: the commands in it are text.
      expect(await one.say(`Subject: one\r\n\r\none${end}${SMUGGLED}`)).toMatch(/^550 5\.6\.0 /);
      expect(await one.say('NOOP\r\n'), 'one reply to one message').toMatch(/^250/);
      expect(await caught()).toEqual([]);
    },
  );

  it.each(['\0.\r\n', '\r\n.\0\r\n'])('with a NUL in its place (%j) it is one message', async (end) => {
    const one = await toData();
    expect(await one.say(`Subject: one\r\n\r\none${end}${SMUGGLED}`)).toMatch(/^250/);
    expect(await one.say('NOOP\r\n')).toMatch(/^250/);
    const [message = '', ...others] = await caught();
    expect(others).toEqual([]);
    expect(message).toContain('Subject: two');
  });

  it('and a CRLF that is cut between two packets is whole', async () => {
    const one = await toData();
    one.socket.write('Subject: one\r\n\r\none\r', 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await one.say('\n.\r\n')).toMatch(/^250/);
    expect(await caught()).toEqual(['Subject: one\r\n\r\none\r\n']);
  });
});

it('threats §2 r4: BDAT is not a command here, and what comes behind it is read as commands of their own', async () => {
  const one = await visit();
  await one.say('EHLO x.example\r\n');
  await one.say('MAIL FROM:<a@b.example>\r\n');
  await one.say('RCPT TO:<c@d.example>\r\n');
  expect(await one.say('BDAT 5 LAST\r\nhelloMAIL FROM:<x@y.example>\r\n')).toMatch(/^50[03]/);
  // The five bytes were no body, so with what follows them they are a line that is no command either.
  expect(await one.say('')).toMatch(/^50[03]/);
  expect(await one.say('NOOP\r\n')).toMatch(/^250/);
  expect(await caught()).toEqual([]);
});

describe('threats §2 r7: a command that is none', () => {
  it('of 10 MB is cut off, and the next caller is served', async () => {
    const one = await visit();
    const flood = 'A'.repeat(10 * 1024 * 1024);
    expect(await one.say(flood)).toMatch(/^(?:421|500|501) /);
    if (!one.socket.closed) await once(one.socket, 'close');
    const other = await visit();
    expect(await other.say('EHLO x.example\r\n')).toMatch(/^250/);
  });

  it.each([
    ['NUL in the place of a verb', '\0\0\0\r\n'],
    ['NUL in a host name', 'EHLO x\0y.example\r\n'],
    ['NUL in an address', 'MAIL FROM:<a\0b@c.example>\r\n'],
    ['a byte over 0x7F in an address', 'MAIL FROM:<\xe9@c.example>\r\n'],
    ['UTF-8 in an address without SMTPUTF8', 'MAIL FROM:<\xc3\xa9@c.example>\r\n'],
    ['a byte over 0x7F in an address, SMTPUTF8 or not', 'MAIL FROM:<\xe9@c.example> SMTPUTF8\r\n'],
  ])('with %s is refused, and the connection goes on', async (_what, command) => {
    const one = await visit();
    await one.say('EHLO x.example\r\n');
    expect(await one.say(command)).toMatch(/^50[01] /);
    expect(await one.say('EHLO x.example\r\n')).toMatch(/^250/);
  });

  it('in a recipient is refused like one in a sender', async () => {
    const one = await visit();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@b.example>\r\n');
    expect(await one.say('RCPT TO:<\xc3\xa9@c.example>\r\n')).toMatch(/^501 /);
  });

  it('and whoever says who he is in bytes over 0x7F sends nothing', async () => {
    const one = await visit();
    await one.say('EHLO \xff\xfe.example\r\n');
    expect(await one.say('MAIL FROM:<a@b.example>\r\n')).toMatch(/^501 /);
  });

  it('but an address in UTF-8 with SMTPUTF8 is a good one', async () => {
    const one = await visit();
    await one.say('EHLO x.example\r\n');
    expect(await one.say('MAIL FROM:<\xc3\xa9@c.example> SMTPUTF8\r\n')).toMatch(/^250/);
    expect(await one.say('RCPT TO:<\xc3\xa9@c.example>\r\n')).toMatch(/^250/);
  });
});

it('what is caught is readable for the owner of the folder alone', async () => {
  const one = await toData();
  expect(await one.say('Subject: one\r\n\r\none\r\n.\r\n')).toMatch(/^250/);
  const [name = ''] = await readdir(catchAll.folder);
  expect((await stat(catchAll.folder)).mode & 0o077).toBe(0);
  expect((await stat(join(catchAll.folder, name))).mode & 0o077).toBe(0);
});

it('more than fifty callers at once are turned away', async () => {
  const callers = await Promise.all(Array.from({ length: 50 }, visit));
  expect(await callers[0]?.say('NOOP\r\n')).toMatch(/^250/);
  const { greeting } = await visit();
  expect(greeting).toMatch(/^421 /);
});
