import { createServer, Socket } from 'node:net';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { NODE_WAITS } from '../../src/relay/patience.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import type { Fault } from '../support/smtp-script.ts';
import { connectionsOf, setStage } from './stage.ts';
import { relayTo, submissionOf } from './support.ts';

// RFC 2920 §3.1: the message itself may be the first of a group of commands, and so the next envelope comes along with its dot.

/** One connection of a server that says nothing but what it is told to say. */
interface Visit {
  /** Resolves with all that came since the last time, once it ends so. */
  hears(end: string): Promise<string>;
  /** Each a line; all in one piece. */
  says(...lines: readonly string[]): void;
  readonly ended: Promise<void>;
  hangUp(): void;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

async function handServer(announces = '250 PIPELINING') {
  const arrived: Visit[] = [];
  const waiting: ((visit: Visit) => void)[] = [];
  const sockets = new Set<Socket>();
  let visits = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    visits += 1;
    sockets.add(socket);
    const visit = visitOf(socket);
    visit.says('220 hand.test');
    void visit.hears('\r\n').then(() => {
      visit.says('250-hand.test', announces);
      const next = waiting.shift();
      if (next === undefined) arrived.push(visit);
      else next(visit);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: address.port,
    visit(): Promise<Visit> {
      const one = arrived.shift();
      return one === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(one);
    },
    get visits() {
      return visits;
    },
  };
}

function visitOf(socket: Socket): Visit {
  let heard = '';
  let look = (): void => undefined;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
    look();
  });
  socket.on('error', () => undefined);
  socket.once('close', () => end());
  return {
    ended,
    hears: (ending) =>
      new Promise((resolve) => {
        look = () => {
          if (!heard.endsWith(ending)) return;
          const all = heard;
          heard = '';
          look = () => undefined;
          resolve(all);
        };
        look();
      }),
    says: (...lines) => void socket.write(lines.map((line) => `${line}\r\n`).join('')),
    hangUp: () => socket.destroy(),
  };
}

async function play(announces?: string): Promise<{
  readonly server: Awaited<ReturnType<typeof handServer>>;
  readonly relay: Relay;
  readonly clock: ManualClock;
}> {
  const server = await handServer(announces);
  const clock = createManualClock();
  const relay = await relayTo({ port: server.port, clock, config: { connections: 1 } });
  closers.push(() => relay.close());
  return { server, relay, clock };
}

const GO = ['250 sender', '250 recipient', '354 go on'] as const;
const ENVELOPE_2 = 'MAIL FROM:<two@sender.example>\r\nRCPT TO:<one@rcpt.example>\r\nDATA\r\n';
const first = () => submissionOf({ sender: 'one@sender.example' });
const second = (more = {}) => submissionOf({ sender: 'two@sender.example', ...more });

/** Two messages at once over one connection, up to where the dot of the first and the envelope of the second have come. */
async function pair(more: Parameters<typeof second>[0] = {}) {
  const { server, relay, clock } = await play();
  const one = relay.submit(first());
  const two = relay.submit(second(more));
  const visit = await server.visit();
  await visit.hears('DATA\r\n');
  visit.says(...GO);
  const dot = await visit.hears('DATA\r\n');
  return { server, relay, clock, one, two, visit, dot };
}

/** The second message, alone on another connection. */
async function taken({
  server,
}: {
  readonly server: Awaited<ReturnType<typeof handServer>>;
}): Promise<Visit> {
  const visit = await server.visit();
  expect(await visit.hears('DATA\r\n')).toBe(ENVELOPE_2);
  visit.says(...GO);
  await visit.hears('\r\n.\r\n');
  visit.says('250 second');
  return visit;
}

/** Numbers in no order, the same each time (Lehmer's generator). */
function draws(): () => number {
  let last = 4711;
  return () => {
    last = (last * 48_271) % 0x7fff_ffff;
    return last;
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('The envelope of the next message', () => {
  test('leaves in one piece with the dot, and each message is settled from its own reply', async () => {
    // What several writes come to is in the socket's hands: the other side cannot see it.
    const together: string[] = [];
    const usual = Socket.prototype._writev;
    vi.spyOn(Socket.prototype, '_writev').mockImplementation(function (this: Socket, chunks, done) {
      together.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
      usual?.call(this, chunks, done);
    });
    const { server, one, two, visit, dot } = await pair();
    expect(dot).toMatch(/\r\n\.\r\nMAIL FROM:<two@/);
    expect(together).toEqual([`.\r\n${ENVELOPE_2}`]);
    visit.says('250 2.0.0 first', ...GO);
    expect((await one).verdicts[0]).toMatchObject({ kind: 'sent', smtp: { response: '250 2.0.0 first' } });
    await visit.hears('\r\n.\r\n');
    visit.says('451 4.3.0 second');
    expect((await two).verdicts[0]).toMatchObject({ kind: 'deferred', smtp: { code: 451 } });
    expect(server.visits).toBe(1);
  });

  test('does not wait until what was written before is acknowledged', async () => {
    // nodemailer does that when it opens the session.
    const atOnce = vi.spyOn(Socket.prototype, 'setNoDelay');
    await pair();
    expect(atOnce).toHaveBeenCalledWith(true);
  });

  test('goes on when the message before it is refused at its dot', async () => {
    const { one, two, visit } = await pair();
    visit.says('550 5.7.1 no', ...GO);
    expect((await one).verdicts[0]).toMatchObject({ kind: 'failed', smtp: { code: 550 } });
    await visit.hears('\r\n.\r\n');
    visit.says('250 second');
    expect((await two).verdicts[0]?.kind).toBe('sent');
  });

  test('also behind a message that itself came after one that was refused', async () => {
    const { server, relay } = await play();
    const stop = new AbortController();
    const none = relay.submit(first());
    const one = relay.submit(first());
    const two = relay.submit(second({ signal: stop.signal }));
    const visit = await server.visit();
    await visit.hears('DATA\r\n');
    visit.says('250 sender', '550 5.1.1 nobody', '554 no recipients');
    expect((await none).verdicts[0]?.kind).toBe('failed');
    expect(await visit.hears('\r\n')).toBe('RSET\r\n');
    visit.says('250 reset');
    await visit.hears('DATA\r\n');
    visit.says(...GO);
    expect(await visit.hears('DATA\r\n')).toMatch(/\r\n\.\r\nMAIL FROM:<two@/);
    stop.abort();
    expect((await two).verdicts[0]?.kind).toBe('back');
    visit.says('250 first');
    expect((await one).verdicts[0]?.kind).toBe('sent');
  });

  test('waits for the dot where commands are not taken in a row', async () => {
    const { server, relay } = await play('250 SIZE 1000000');
    const one = relay.submit(first());
    void relay.submit(second());
    const visit = await server.visit();
    for (const reply of GO) {
      await visit.hears('\r\n');
      visit.says(reply);
    }
    expect(await visit.hears('.\r\n')).not.toContain('two@');
    visit.says('250 first');
    expect((await one).verdicts[0]?.kind).toBe('sent');
    expect(await visit.hears('\r\n')).toContain('MAIL FROM:<two@sender.example>');
  });

  test('is not sent behind a message that nobody waits behind', async () => {
    const { server, relay } = await play();
    const one = relay.submit(first());
    const visit = await server.visit();
    await visit.hears('DATA\r\n');
    visit.says(...GO);
    await visit.hears('\r\n.\r\n');
    const two = relay.submit(second());
    await settled();
    visit.says('250 first');
    await one;
    expect(await visit.hears('DATA\r\n')).toBe(ENVELOPE_2);
    visit.says(...GO);
    await visit.hears('\r\n.\r\n');
    visit.says('250 second');
    expect((await two).verdicts[0]?.kind).toBe('sent');
    expect(server.visits).toBe(1);
  });
});

describe('What was sent behind a dot is sent again alone, uncounted', () => {
  test.each([
    ['when that dot is answered by 421', (visit: Visit) => visit.says('421 4.3.2 going down'), 'deferred'],
    ['when the connection ends before that reply', (visit: Visit) => visit.hangUp(), 'unknown'],
    [
      'when it ends behind it',
      (visit: Visit) => {
        visit.says('250 first');
        visit.hangUp();
      },
      'sent',
    ],
    ['after a reply too many', (visit: Visit) => visit.says('250 first', '250 again', ...GO), 'sent'],
    [
      'after a refusal too many: it may be no answer to MAIL',
      (visit: Visit) => visit.says('250 first', '500 what', ...GO),
      'sent',
    ],
    [
      'after a reply too many, and a refusal in the place of the 354',
      (visit: Visit) => visit.says('250 first', '250 again', '250 sender', '550 5.1.1 nobody', '503 no'),
      'sent',
    ],
  ])('%s', async (_, breaks, verdict) => {
    const { server, one, two, visit } = await pair();
    breaks(visit);
    expect((await one).verdicts[0]?.kind).toBe(verdict);
    await taken({ server });
    expect((await two).verdicts[0]).toMatchObject({ kind: 'sent', smtp: { response: '250 second' } });
    expect(server.visits).toBe(2);
  });

  test('when nothing of it is answered, and from then on nothing is sent so to this relay', async () => {
    const { server, relay, clock, one, two, visit } = await pair();
    visit.says('250 first');
    expect((await one).verdicts[0]?.kind).toBe('sent');
    await settled();
    clock.advance(NODE_WAITS.slot);
    const other = await taken({ server });
    expect((await two).verdicts[0]?.kind).toBe('sent');
    const more = [relay.submit(first()), relay.submit(second())];
    await other.hears('DATA\r\n');
    other.says(...GO);
    expect(await other.hears('.\r\n')).not.toContain('two@');
    other.says('250 third');
    await more[0];
    expect(await other.hears('DATA\r\n')).toBe(ENVELOPE_2);
    other.says(...GO);
    await other.hears('\r\n.\r\n');
    other.says('250 fourth');
    expect((await more[1])?.verdicts[0]).toMatchObject({ smtp: { response: '250 fourth' } });
  });

  test('also when its recipient is refused: it may have been its sender', async () => {
    const { server, one, two, visit } = await pair();
    visit.says('250 first', '250 again', '550 5.1.1 sender unknown', '503 no', '503 no');
    expect((await one).verdicts[0]?.kind).toBe('sent');
    const other = await server.visit();
    await other.hears('DATA\r\n');
    other.says('550 5.1.1 sender unknown', '503 no', '503 no');
    const { verdicts } = await two;
    expect(verdicts[0]).toMatchObject({ kind: 'failed', reason: 'sender_refused', suppress: false });
    expect(server.visits).toBe(2);
  });
});

describe('What waits behind a dot and is given up leaves that dot its reply', () => {
  test.each([
    ['aborted', (stop: AbortController) => stop.abort(), 'aborted'],
    ['after the time for which it would wait for a connection', null, 'busy'],
  ] as const)('%s', async (_, gives, cause) => {
    const stop = new AbortController();
    const { server, relay, clock, one, two, visit } = await pair({ signal: stop.signal });
    if (gives === null) clock.advance(NODE_WAITS.slot);
    else gives(stop);
    expect(await two).toMatchObject({ verdicts: [{ kind: 'back', cause }], condition: null });
    const three = relay.submit(second());
    await settled();
    expect(server.visits).toBe(1);
    visit.says('250 first', ...GO);
    expect((await one).verdicts[0]).toMatchObject({ kind: 'sent', smtp: { response: '250 first' } });
    await visit.ended;
    await taken({ server });
    expect((await three).verdicts[0]?.kind).toBe('sent');
  });

  test('at a stop', async () => {
    const { relay, one, two } = await pair();
    await relay.close();
    expect((await two).verdicts[0]?.kind).toBe('back');
    expect((await one).verdicts[0]?.kind).toBe('unknown');
  });
});

describe('Whatever a relay answers', () => {
  it('each message is settled from its own reply, and no more connections stand than are allowed', async () => {
    const faults: readonly (Fault | null)[] = [
      null,
      null,
      null,
      { kind: 'reply', lines: ['451 4.3.0 later'] },
      { kind: 'reply', lines: ['550 5.7.1 never'] },
      { kind: 'reply', lines: ['421 4.3.2 going down'], thenClose: true },
      { kind: 'reply', lines: ['250 2.0.0 taken'], behind: '250 and another\r\n' },
      { kind: 'close' },
      { kind: 'reset' },
    ];
    const draw = draws();
    const at = (every: number) => () =>
      draw() % every === 0 ? (faults[draw() % faults.length] ?? null) : null;
    const { server, relay } = await setStage(
      { script: { dot: at(3), mail: at(11), rcpt: at(13), data: at(17) } },
      { config: { connections: 3 } },
    );
    let most = 0;
    const submitted = Array.from({ length: 400 }, async (_, number) => {
      const { verdicts } = await relay.submit(
        submissionOf({
          body: `Message-ID: <${number}@test.example>\r\n\r\n`,
          recipients: [`a${number}@rcpt.example`],
          async beforeDot() {
            most = Math.max(most, server.open);
            return true;
          },
        }),
      );
      return verdicts[0]?.kind ?? '';
    });
    const kinds = await Promise.all(submitted);
    expect(most).toBeLessThanOrEqual(3);
    expect(connectionsOf(server)).toBeGreaterThan(3);
    const copies = kinds.map(
      (_, number) => server.messages.filter(({ text }) => text.includes(`<${number}@`)).length,
    );
    for (const [number, kind] of kinds.entries()) {
      const own = server.messages.filter(({ text }) => text.includes(`<${number}@`));
      expect(own.every(({ recipients }) => recipients.join() === `a${number}@rcpt.example`)).toBe(true);
      if (kind === 'sent') expect(copies[number]).toBe(1);
      else expect(copies[number]).toBe(0);
    }
    expect(new Set(kinds)).toEqual(new Set(['sent', 'deferred', 'failed', 'unknown']));
  });
});
