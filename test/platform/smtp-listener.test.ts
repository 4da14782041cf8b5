import { once } from 'node:events';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SmtpListenerParts } from '../../src/platform/node/smtp-listener.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { callSmtp } from '../support/smtp-caller.ts';
import { type Funnel, openStage, type Stage } from './smtp-stage.ts';

let stage: Stage;
const open = async (parts?: Partial<SmtpListenerParts> & { readonly funnel?: Funnel }): Promise<Stage> => {
  stage = await openStage(parts);
  return stage;
};
afterEach(() => stage.end());

const MAIL = 'Subject: one\r\n\r\n..two\r\nthree\r\n';

describe('a mail', () => {
  it('is handed to the funnel byte for byte, with its envelope and with who brought it', async () => {
    await open();
    const one = await stage.toData();
    await expect(one.say(`Subject: x\r\n\r\n..dot\r\n${'\0\x80\xff'}\r\n.\r\n`)).resolves.toBe(
      '250 2.0.0 Kept as 0190-1',
    );
    expect(stage.came).toEqual([
      {
        account: 'default',
        source: 'smtp',
        envelopeFrom: 'a@b.example',
        envelopeTo: ['c@here.example'],
        peer: { remoteAddress: '127.0.0.1', ehlo: 'x.example' },
        deliveryId: null,
        raw: `Subject: x\r\n\r\n.dot\r\n${'\0\x80\xff'}\r\n`,
      },
    ]);
  });

  it('to a listener on every address comes from an address of IPv4 where it does', async () => {
    await open({ host: null });
    const caller = await callSmtp({ host: '127.0.0.1', port: stage.listener.port });
    await stage.toData(caller);
    expect(await caller.say(`${MAIL}.\r\n`)).toMatch(/^250 /);
    caller.socket.destroy();
    expect(stage.came[0]?.peer).toEqual({ remoteAddress: '127.0.0.1', ehlo: 'x.example' });
  });

  it('from the null sender has an empty one', async () => {
    await open();
    const one = await stage.call();
    await one.say('HELO x.example\r\n');
    await one.say('MAIL FROM:<>\r\n');
    await one.say('RCPT TO:<c@here.example>\r\n');
    await one.say('DATA\r\n');
    expect(await one.say('\r\n.\r\n')).toMatch(/^250 /);
    expect(stage.came[0]?.envelopeFrom).toBe('');
  });

  it('to postmaster without a domain is taken (RFC 5321 §4.5.1)', async () => {
    await open();
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@b.example>\r\n');
    expect(await one.say('RCPT TO:<Postmaster>\r\n')).toMatch(/^250 /);
    await one.say('DATA\r\n');
    await one.say('x\r\n.\r\n');
    expect(stage.came[0]?.envelopeTo).toEqual(['postmaster@here.example']);
  });

  it('several come on one connection, commands in one packet (RFC 2920)', async () => {
    await open();
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    for (const text of ['first', 'second']) {
      const mail = `MAIL FROM:<a@b.example>\r\nRCPT TO:<c@here.example>\r\nDATA\r\n`;
      expect(await one.say(mail)).toMatch(/^250 /);
      expect(await one.say('')).toMatch(/^250 /);
      expect(await one.say('')).toMatch(/^354 /);
      expect(await one.say(`${text}\r\n.\r\n`)).toMatch(/^250 2\.0\.0 Kept/);
    }
    expect(stage.came.map(({ raw }) => raw)).toEqual(['first\r\n', 'second\r\n']);
  });

  it('that a route throws away is taken all the same', async () => {
    await open({ funnel: async () => ({ kind: 'dropped' }) });
    const one = await stage.toData();
    expect(await one.say(`${MAIL}.\r\n`)).toBe('250 2.0.0 Accepted');
  });

  it.each([
    [{ kind: 'refused', reason: 'route', message: 'Not here' }, '550 5.7.1 Not here'],
    [{ kind: 'refused', reason: 'size', message: 'Too large' }, '552 5.3.4 Too large'],
    [{ kind: 'refused', reason: 'address', message: 'No address' }, '553 5.1.3 No address'],
    [
      { kind: 'unavailable', refusal: { code: 'unavailable', message: 'the disk is full' } },
      '451 4.3.0 Not now; try again later',
    ],
  ] as const)('that is not kept is not taken: %j', async (received, reply) => {
    await open({ funnel: async () => received });
    const one = await stage.toData();
    expect(await one.say(`${MAIL}.\r\n`)).toBe(reply);
    expect(await one.say('NOOP\r\n'), 'one reply to one mail').toMatch(/^250/);
  });

  it('over which the funnel fails is to be sent again, and nothing of the cause is told', async () => {
    await open({
      async funnel() {
        throw new Error('ENOSPC /var/lib');
      },
    });
    const one = await stage.toData();
    expect(await one.say(`${MAIL}.\r\n`)).toBe('451 4.3.0 Not now; try again later');
    expect(stage.log).toMatchObject([{ level: 'error', event: 'receiving_failed' }]);
  });

  it('is not acknowledged before it is kept', async () => {
    let keep = (): void => {};
    const kept = new Promise<void>((resolve) => {
      keep = resolve;
    });
    await open({
      async funnel({ raw }) {
        for await (const _ of raw);
        await kept;
        return { kind: 'kept', id: '1', duplicate: false };
      },
    });
    const one = await stage.toData();
    const reply = one.say(`${MAIL}.\r\n`);
    await expect.poll(() => stage.came.length).toBe(1);
    expect(await Promise.race([reply, new Promise((resolve) => setImmediate(resolve, 'none'))])).toBe('none');
    keep();
    expect(await reply).toMatch(/^250 /);
  });

  it('whose sender goes away in the middle ends for the funnel, with an error', async () => {
    let seen = (_: unknown): void => {};
    const failed = new Promise((resolve) => {
      seen = resolve;
    });
    await open({
      async funnel({ raw }) {
        try {
          for await (const _ of raw);
        } catch (cause) {
          seen(cause);
          throw cause;
        }
        return { kind: 'dropped' };
      },
    });
    const one = await stage.toData();
    one.socket.write('Subject: half\r\n');
    one.socket.destroy();
    expect(await failed).toBeInstanceOf(Error);
    expect(stage.came).toEqual([]);
  });

  it('holds its sender back while storage is slow', async () => {
    let go = (): void => {};
    const storage = new Promise<void>((resolve) => {
      go = resolve;
    });
    await open({
      maxBytes: 64 * 1024 * 1024,
      async funnel({ raw }) {
        for await (const _ of raw) await storage;
        return { kind: 'kept', id: '1', duplicate: false };
      },
    });
    const one = await stage.toData();
    const line = `${'x'.repeat(998)}\r\n`;
    const mail = line.repeat(20_000);
    one.socket.write(mail);
    const before = one.socket.bytesWritten;
    // What buffers of the system hold is sent; the rest of the 20 MB waits on the sender's side.
    await expect.poll(() => one.socket.writableLength, { interval: 100 }).toBeGreaterThan(0);
    expect(one.socket.bytesWritten - before).toBeGreaterThanOrEqual(0);
    expect(one.socket.writableLength).toBeGreaterThan(mail.length / 4);
    go();
    expect(await one.say('.\r\n')).toMatch(/^250 /);
    expect(stage.came[0]?.raw.length).toBe(mail.length);
  });
});

describe('recipients are judged when they are named', () => {
  it.each([
    ['x@elsewhere.example', '550 5.7.1 No mail is received for this domain'],
    ['x@here.example.elsewhere.example', '550 5.7.1 No mail is received for this domain'],
    ['rejected@here.example', '550 5.7.1 Gone???250 OK'],
    ['rejected+coded@here.example', '550 5.1.1 Nobody is called that'],
    ['busy@here.example', '451 4.3.0 Not now; try again later'],
  ])('%s', async (address, reply) => {
    await open();
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@here.example>\r\n');
    expect(await one.say(`RCPT TO:<${address}>\r\n`)).toBe(reply);
    expect(await one.say('DATA\r\n'), 'nobody is left to write to').toMatch(/^503 /);
  });

  it.each([
    'x%elsewhere.example@here.example',
    '@here.example:x@elsewhere.example',
    'elsewhere.example!x@here.example',
  ])('threats §10 r8: %s is no way to another server: no mail leaves through the listener', async (path) => {
    await open();
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@here.example>\r\n');
    const reply = await one.say(`RCPT TO:<${path}>\r\n`);
    // A percent sign and an exclamation mark are letters of a local part here, and a source route is ignored.
    if (path.endsWith('@here.example')) expect(reply).toMatch(/^250 /);
    else expect(reply).toMatch(/^550 5\.7\.1 /);
  });

  it('a domain in A-labels is one in ASCII, SMTPUTF8 or not', async () => {
    const asked: string[] = [];
    await open({
      async judge({ address }) {
        asked.push(address);
        return null;
      },
    });
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@xn--bcher-kva.example>\r\n');
    expect(await one.say('RCPT TO:<c@xn--bcher-kva.example>\r\n')).toMatch(/^250 /);
    expect(asked).toEqual(['c@b\u00fccher.example']);
  });

  it('over which the judge fails are to be named again later', async () => {
    await open({
      async judge() {
        throw new Error('away');
      },
    });
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@b.example>\r\n');
    expect(await one.say('RCPT TO:<c@here.example>\r\n')).toMatch(/^451 4\.3\.0 /);
  });
});

describe('EHLO', () => {
  it('offers what is there, and neither STARTTLS without a certificate nor AUTH', async () => {
    await open();
    const one = await stage.call();
    const lines = await one.ask('EHLO x.example\r\n');
    expect(
      lines
        .slice(1)
        .map((line) => line.slice(4))
        .toSorted(),
    ).toEqual(['8BITMIME', 'PIPELINING', 'SIZE 100000', 'SMTPUTF8']);
    expect(await one.say('STARTTLS\r\n')).toMatch(/^50[02] /);
  });

  it('is taken from a client of the mail library that this service sends with', async () => {
    await open();
    const connection = new SMTPConnection({ port: stage.listener.port, host: '127.0.0.1', ignoreTLS: true });
    connection.connect();
    await once(connection, 'connect');
    await new Promise<void>((resolve, reject) => {
      connection.send({ from: 'a@b.example', to: ['c@here.example'] }, MAIL, (cause) =>
        cause === null ? resolve() : reject(cause),
      );
    });
    connection.quit();
    expect(stage.came[0]?.raw).toBe(MAIL);
  });
});

describe('threats §2 r6: before EHLO, and without an account', () => {
  it.each(['MAIL FROM:<a@b.example>', 'RCPT TO:<c@here.example>', 'DATA'])(
    '%s is out of order',
    async (command) => {
      await open();
      const one = await stage.call();
      expect(await one.say(`${command}\r\n`)).toMatch(/^503 /);
    },
  );

  it('commands that do not wait for the greeting are cut off', async () => {
    await open();
    const { connect } = await import('node:net');
    const socket = connect(stage.listener.port, '127.0.0.1');
    socket.write('EHLO x.example\r\nMAIL FROM:<a@b.example>\r\n');
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(String(reply)).toMatch(/^421 /);
    socket.destroy();
  });

  it.each(['AUTH PLAIN AGEAYg==', 'AUTH LOGIN', 'AUTH'])(
    'threats §10 r7: %s takes no credentials, so none are guessed',
    async (command) => {
      await open();
      const one = await stage.call();
      await one.say('EHLO x.example\r\n');
      expect(await one.say(`${command}\r\n`)).toMatch(/^50[02] /);
      expect(await one.say('NOOP\r\n')).toMatch(/^250 /);
    },
  );
});

it('threats §13 r2: a session leaves nothing of the wire in the log or on the console', async () => {
  const written: unknown[] = [];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(text) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(text) > 0),
  ];
  await open();
  const one = await stage.toData();
  await one.say('Subject: secret\r\n\r\nsecret\r\n.\r\n');
  await one.say('AUTH PLAIN c2VjcmV0\r\n');
  await one.say('QUIT\r\n');
  for (const spy of spies) spy.mockRestore();
  expect([...stage.log, ...written]).toEqual([]);
});

describe('limits', () => {
  it('a mail that says it is too large is refused by MAIL (RFC 1870)', async () => {
    await open();
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    expect(await one.say('MAIL FROM:<a@b.example> SIZE=100001\r\n')).toMatch(/^552 /);
    expect(await one.say('MAIL FROM:<a@b.example> SIZE=100000\r\n')).toMatch(/^250 /);
  });

  it('one that does not say so is refused behind the dot, whatever the funnel made of it', async () => {
    await open();
    const one = await stage.toData();
    expect(await one.say(`${'x'.repeat(120_000)}\r\n.\r\n`)).toBe('552 5.3.4 Message too large');
    expect(await one.say('NOOP\r\n')).toMatch(/^250 /);
    expect(stage.came).toEqual([]);
  });

  it('one without an end is cut off', async () => {
    await open();
    const one = await stage.toData();
    const line = `${'x'.repeat(998)}\r\n`;
    expect(await one.say(line.repeat(400))).toMatch(/^421 /);
    expect(await one.say('')).toBe('closed');
  });

  it('more than a hundred recipients are another mail', async () => {
    await open();
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@b.example>\r\n');
    for (let nth = 0; nth < 100; nth += 1) {
      expect(await one.say(`RCPT TO:<c${nth}@here.example>\r\n`)).toMatch(/^250 /);
    }
    expect(await one.say('RCPT TO:<c100@here.example>\r\n')).toMatch(/^452 /);
  });

  it('a session of errors ends', async () => {
    await open({ limits: { errors: 3 } });
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@b.example>\r\n');
    for (let nth = 0; nth < 3; nth += 1) {
      expect(await one.say(`RCPT TO:<c${nth}@elsewhere.example>\r\n`)).toMatch(/^550 /);
    }
    await one.say('RCPT TO:<c@elsewhere.example>\r\n');
    expect(await one.say('')).toMatch(/^421 4\.7\.0 Too many errors|closed/);
  });

  it('a session of commands without a mail ends, and a mail that is taken starts the count anew', async () => {
    await open({ limits: { commands: 6 } });
    const one = await stage.toData();
    expect(await one.say('x\r\n.\r\n')).toMatch(/^250 /);
    for (let nth = 0; nth < 6; nth += 1) expect(await one.say('NOOP\r\n')).toMatch(/^250 /);
    expect(await one.say('NOOP\r\n')).toMatch(/^421 4\.7\.0 Too many commands/);
    expect(await one.say('')).toBe('closed');
  });

  it('connections from one address are counted, and those of others are not in their way', async () => {
    await open({ limits: { clientsPerAddress: 2 } });
    const [first] = [await stage.call(), await stage.call()];
    expect((await stage.call()).greeting).toMatch(/^421 4\.7\.0 /);
    expect((await stage.call('127.0.0.2')).greeting).toMatch(/^220 /);
    await first?.say('QUIT\r\n');
    await expect.poll(async () => (await stage.call()).greeting).toMatch(/^220 /);
  });

  it('a session ends after its time, whatever it does', async () => {
    const time = createManualClock();
    await open({
      limits: { sessionMs: 1_000 },
      clock: { monotonic: time.now, after: time.after },
    });
    const one = await stage.toData();
    time.advance(1_001);
    expect(await one.say('')).toMatch(/^421 4\.4\.2 Session too long/);
    expect(await one.say('')).toBe('closed');
  });

  it('one that is silent for too long is dismissed', async () => {
    await open({ limits: { idleMs: 300 } });
    const one = await stage.call();
    expect(await one.say('')).toMatch(/^421 /);
  });

  it('a mail that trickles is cut off, but not one that waits for us', async () => {
    let now = 0;
    let pieces = 0;
    await open({
      limits: { slowest: { bytesPerSecond: 1_000, afterMs: 10_000 } },
      clock: { monotonic: () => now, after: () => () => {} },
      async funnel({ raw }) {
        for await (const _ of raw) {
          now += 60_000;
          pieces += 1;
        }
        return { kind: 'kept', id: '1', duplicate: false };
      },
    });
    const patient = await stage.toData();
    expect(await patient.say(`${'x'.repeat(50_000)}\r\n.\r\n`)).toMatch(/^250 /);
    pieces = 0;
    const slow = await stage.toData();
    slow.socket.write('Subject: slow\r\n');
    await expect.poll(() => pieces).toBe(1);
    now += 20_000;
    expect(await slow.say('x\r\n')).toMatch(/^421 4\.4\.2 Too slow/);
  });
});

describe('the end', () => {
  it('dismisses who brings no mail, takes nobody new, and lets a mail come to its end', async () => {
    await open();
    const idle = await stage.call();
    const busy = await stage.toData();
    busy.socket.write('Subject: last\r\n');
    const closed = stage.listener.close(5_000);
    expect(await idle.say('')).toMatch(/^421 4\.3\.2 /);
    expect((await stage.call()).greeting).toBe('closed');
    expect(await busy.say('\r\nend\r\n.\r\n')).toMatch(/^250 /);
    await closed;
    expect(stage.came.map(({ raw }) => raw)).toEqual(['Subject: last\r\n\r\nend\r\n']);
  });

  it('cuts off a mail that takes longer than there is time', async () => {
    await open();
    const busy = await stage.toData();
    busy.socket.write('Subject: never\r\n');
    await stage.listener.close(20);
    expect(await busy.say('')).toBe('closed');
    expect(stage.came).toEqual([]);
  });
});
