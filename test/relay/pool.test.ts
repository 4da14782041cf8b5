import { afterEach, describe, expect, it } from 'vitest';
import type { Relay } from '../../src/relay/relay.ts';
import { createManualClock } from '../support/manual-clock.ts';
import {
  refusedPort,
  type ScriptedServer,
  type ServerOptions,
  startScriptedServer,
} from '../support/scripted-smtp-server.ts';
import { type RelayCall, relayTo, submissionOf } from './support.ts';

const opened: { server?: ScriptedServer; relay?: Relay } = {};

afterEach(async () => {
  await opened.relay?.close();
  await opened.server?.close();
});

async function start(options: ServerOptions = {}, call: Partial<RelayCall> = {}) {
  const clock = createManualClock();
  const server = await startScriptedServer(options);
  const relay = await relayTo({ clock, port: server.port, ...call });
  opened.server = server;
  opened.relay = relay;
  return { clock, server, relay };
}

const connects = (server: ScriptedServer): number =>
  server.log.filter(({ what }) => what === 'connect').length;

describe('Connections are kept between messages', () => {
  it('one after the other, messages share a connection', async () => {
    const { server, relay } = await start();
    for (let count = 0; count < 5; count += 1) await relay.submit(submissionOf());
    expect(server.messages).toHaveLength(5);
    expect(connects(server)).toBe(1);
  });

  it('no more are open at once than configured; the rest wait their turn', async () => {
    let most = 0;
    const { server, relay } = await start({}, { config: { connections: 3 } });
    const submissions = Array.from({ length: 12 }, () =>
      relay.submit(
        submissionOf({
          beforeDot() {
            most = Math.max(most, server.open);
            return Promise.resolve(true);
          },
        }),
      ),
    );
    const results = await Promise.all(submissions);
    expect(results.map(({ verdicts }) => verdicts[0]?.kind)).toEqual(results.map(() => 'sent'));
    expect(connects(server)).toBeLessThanOrEqual(3);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });

  it('who waits too long for a connection is put back, uncounted', async () => {
    const { clock, server, relay } = await start({}, { config: { connections: 1 } });
    const gate = Promise.withResolvers<boolean>();
    const held = relay.submit(submissionOf({ beforeDot: () => gate.promise }));
    await server.seen('command', 4);
    const waiting = relay.submit(submissionOf());
    clock.advance(30_001);
    expect((await waiting).verdicts[0]).toMatchObject({ kind: 'back', cause: 'busy' });
    gate.resolve(true);
    expect((await held).verdicts[0]?.kind).toBe('sent');
  });

  it('after thirty idle seconds a connection says QUIT', async () => {
    const { clock, server, relay } = await start();
    await relay.submit(submissionOf());
    clock.advance(30_001);
    await server.seen('end');
    expect(server.commands().at(-1)).toBe('QUIT');
    await relay.submit(submissionOf());
    expect(connects(server)).toBe(2);
  });

  it('after a hundred messages a connection is replaced', async () => {
    const { server, relay } = await start({}, { config: { connections: 1 } });
    for (let count = 0; count < 101; count += 1) await relay.submit(submissionOf());
    expect(server.messages).toHaveLength(101);
    expect(connects(server)).toBe(2);
  });

  it('a transaction that stopped before the dot is cleared away with RSET before the next', async () => {
    const { server, relay } = await start({
      script: { rcpt: ({ count }) => (count === 0 ? refusal : null) },
    });
    const refused = await relay.submit(submissionOf());
    expect(refused.verdicts[0]?.kind).toBe('failed');
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(connects(server)).toBe(1);
    expect(server.commands().filter((line) => line === 'RSET')).toHaveLength(1);
  });

  it('a refused RSET costs the connection, not the message', async () => {
    const { server, relay } = await start({
      script: {
        rcpt: ({ count, line }) => (count === 0 && line.includes('one@') ? refusal : null),
        rset: refusal,
      },
    });
    await relay.submit(submissionOf());
    expect((await relay.submit(submissionOf({ recipients: ['two@rcpt.example'] }))).verdicts[0]?.kind).toBe(
      'sent',
    );
    expect(connects(server)).toBe(2);
  });
});

const refusal = { kind: 'reply', lines: ['550 5.1.1 no'] } as const;

describe('A kept connection that is gone before MAIL was answered is replaced once, uncounted', () => {
  it.each([
    ['closed', { kind: 'close' }],
    ['reset', { kind: 'reset' }],
    ['ended by a 421', { kind: 'reply', lines: ['421 4.4.2 idle for too long'], thenClose: true }],
  ] as const)('%s at the second MAIL', async (_, fault) => {
    let mails = 0;
    const { server, relay } = await start({
      script: {
        mail() {
          mails += 1;
          return mails === 2 ? fault : null;
        },
      },
    });
    await relay.submit(submissionOf());
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]?.kind).toBe('sent');
    expect(condition.kind).toBe('well');
    expect(connects(server)).toBe(2);
    expect(server.messages).toHaveLength(2);
  });

  it('but not twice: a fresh connection that breaks there too is a failure', async () => {
    let mails = 0;
    const { server, relay } = await start({
      script: {
        mail() {
          mails += 1;
          return mails >= 2 ? { kind: 'close' } : null;
        },
      },
    });
    await relay.submit(submissionOf());
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'mail', elsewhere: true });
    expect(condition.kind).toBe('failure');
    expect(connects(server)).toBe(2);
  });

  it('and not later: a kept connection that breaks at RCPT has cost an attempt', async () => {
    let recipients = 0;
    const { server, relay } = await start({
      script: {
        rcpt() {
          recipients += 1;
          return recipients === 2 ? { kind: 'close' } : null;
        },
      },
    });
    await relay.submit(submissionOf());
    expect((await relay.submit(submissionOf())).verdicts[0]).toMatchObject({
      kind: 'deferred',
      elsewhere: false,
    });
    expect(connects(server)).toBe(1);
  });

  it('one that the server has closed while it was idle is not even tried', async () => {
    const { server, relay } = await start({
      script: {
        dot: ({ count }) => (count === 0 ? { kind: 'reply', lines: ['250 ok'], thenClose: true } : null),
      },
    });
    await relay.submit(submissionOf());
    await server.seen('end');
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(connects(server)).toBe(2);
  });

  it('a 421 to an idle connection closes it, and the next message goes over another', async () => {
    const { server, relay } = await start({
      script: {
        dot: ({ count }) =>
          count === 0 ? { kind: 'reply', lines: ['250 ok'], behind: '421 4.3.2 going down\r\n' } : null,
      },
    });
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(connects(server)).toBe(2);
  });

  it('a reply too many is no answer to the next message', async () => {
    let dots = 0;
    const { server, relay } = await start({
      script: {
        dot() {
          dots += 1;
          return dots === 1 ? { kind: 'reply', lines: ['250 ok'], behind: '250 and another\r\n' } : null;
        },
      },
    });
    await relay.submit(submissionOf());
    const { verdicts } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'sent', smtp: { response: '250 2.0.0 queued as 4711' } });
    expect(connects(server)).toBe(2);
  });
});

describe('A line that nobody asked for is no answer to what is asked next', () => {
  const credentials = { user: 'a', pass: 'b' };

  it.each([
    [
      'EHLO',
      {
        ehlo: { kind: 'reply', lines: ['250-relay.test', '250 AUTH PLAIN'], behind: '235 2.7.0 welcome\r\n' },
      },
    ],
    ['AUTH', { auth: { kind: 'reply', lines: ['235 2.7.0 welcome'], behind: '250 sender ok\r\n' } }],
  ] as const)('sent along with the reply to %s, it ends the connection', async (_, script) => {
    const { server, relay } = await start({ script }, { config: { credentials } });
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'deferred', elsewhere: true });
    expect(condition.kind).toBe('failure');
    await server.seen('end');
    expect(server.commands().filter((line) => line.startsWith('MAIL'))).toEqual([]);
  });
});

describe('Ports are tried in order', () => {
  const endpoint = (port: number) => ({ host: 'localhost', port, security: 'none' }) as const;

  it('until one answers, and that one is tried first from then on', async () => {
    const dead = await startScriptedServer({ script: { connect: { kind: 'close' } } });
    const { server, relay } = await start();
    await relay.close();
    const endpoints = [endpoint(await refusedPort()), endpoint(dead.port), endpoint(server.port)];
    const both = await relayTo({ port: 0, config: { endpoints, connections: 1 } });
    opened.relay = both;
    const { verdicts, condition } = await both.submit(submissionOf());
    expect(verdicts[0]?.kind).toBe('sent');
    expect(condition.kind).toBe('well');
    expect(await both.probe(new AbortController().signal)).toEqual({ kind: 'well' });
    expect(connects(dead)).toBe(1);
    expect(connects(server)).toBe(2);
    await dead.close();
  });

  it('a port that answers, though by a refusal, is the relay: no other is tried', async () => {
    const second = await startScriptedServer();
    const { server } = await start({ script: { greeting: { kind: 'reply', lines: ['554 5.7.1 go away'] } } });
    const both = await relayTo({
      port: 0,
      config: { endpoints: [endpoint(server.port), endpoint(second.port)] },
    });
    const { condition } = await both.submit(submissionOf());
    expect(condition.kind).toBe('hold');
    expect(second.log).toEqual([]);
    await both.close();
    await second.close();
  });

  it('when none answers it is one failure', async () => {
    const relay = await relayTo({
      port: 0,
      config: { endpoints: [endpoint(await refusedPort()), endpoint(await refusedPort())] },
    });
    opened.relay = relay;
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'connect', elsewhere: true });
    expect(condition.kind).toBe('failure');
  });
});

describe('An abort', () => {
  it('before the connection puts the recipients back, due now', async () => {
    const { server, relay } = await start();
    const { verdicts, condition } = await relay.submit(submissionOf({ signal: AbortSignal.abort() }));
    expect(verdicts[0]).toEqual({
      kind: 'back',
      phase: 'claimed',
      cause: 'aborted',
      retryInMs: 0,
      elsewhere: false,
    });
    expect(condition.kind).toBe('well');
    expect(server.log).toEqual([]);
  });

  it.each(['greeting', 'ehlo', 'mail', 'rcpt', 'data'] as const)(
    'at %s puts them back and closes',
    async (step) => {
      const { server, relay } = await start({ script: { [step]: { kind: 'hang' } } });
      const stop = new AbortController();
      const submitted = relay.submit(submissionOf({ signal: stop.signal }));
      await server.seen('hang');
      stop.abort();
      expect((await submitted).verdicts[0]).toMatchObject({ kind: 'back', retryInMs: 0 });
      await server.seen('end');
      expect(server.messages).toEqual([]);
    },
  );

  it('while phase dot is being recorded withholds the dot', async () => {
    const { server, relay } = await start();
    const stop = new AbortController();
    const submitted = relay.submit(
      submissionOf({
        signal: stop.signal,
        beforeDot() {
          stop.abort();
          return Promise.resolve(true);
        },
      }),
    );
    expect((await submitted).verdicts[0]).toMatchObject({ kind: 'back' });
    await server.seen('end');
    expect(server.log.filter(({ what }) => what === 'message')).toEqual([]);
  });

  it('after the dot ends the wait: unknown', async () => {
    const { server, relay } = await start({ script: { dot: { kind: 'hang' } } });
    const stop = new AbortController();
    const submitted = relay.submit(submissionOf({ signal: stop.signal }));
    await server.seen('hang');
    stop.abort();
    expect((await submitted).verdicts[0]).toEqual({ kind: 'unknown', cause: 'aborted' });
  });
});

describe('The final dot is withheld', () => {
  it.each([
    ['says no', () => Promise.resolve(false)],
    ['rejects', () => Promise.reject(new Error('no database'))],
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
  ])('when the recorder of phase dot %s', async (_, beforeDot) => {
    const { server, relay } = await start();
    const { verdicts, condition } = await relay.submit(submissionOf({ beforeDot }));
    expect(verdicts[0]).toMatchObject({ kind: 'back', phase: 'body', cause: 'not_recorded' });
    expect(condition.kind).toBe('well');
    await server.seen('end');
    expect(server.log.filter(({ what }) => what === 'message')).toEqual([]);
    expect(server.clearBytes).not.toMatch(/\r\n\.\r\n/);
  });

  it('when the body breaks off: a truncated message is never sent', async () => {
    const { server, relay } = await start();
    const { verdicts } = await relay.submit({
      ...submissionOf(),
      async *message() {
        yield new TextEncoder().encode('Subject: half\r\n\r\n');
        throw new Error('the object store is down');
      },
    });
    expect(verdicts[0]).toMatchObject({ kind: 'back', cause: 'content_unavailable' });
    await server.seen('end');
    expect(server.log.filter(({ what }) => what === 'message')).toEqual([]);
  });

  it.each(['content_unavailable', 'not_recorded'])(
    'when we wait for ourselves too long: %s, not the relay',
    async (cause) => {
      const { clock, server, relay } = await start();
      const begun = Promise.withResolvers<void>();
      const forever = (): Promise<never> => {
        begun.resolve();
        return new Promise(() => undefined);
      };
      async function* message(): AsyncGenerator<Uint8Array> {
        yield await forever();
      }
      const wanted = cause === 'not_recorded' ? { beforeDot: forever } : { message };
      const submitted = relay.submit({ ...submissionOf(), ...wanted });
      await begun.promise;
      clock.advance(200_000);
      const { verdicts, condition } = await submitted;
      expect(verdicts[0]).toMatchObject({ kind: 'back', phase: 'body', cause });
      expect(condition.kind).toBe('well');
      await server.seen('end');
    },
  );

  it('until the whole body has left, and until it is recorded', async () => {
    const { server, relay } = await start();
    const body = `${'x'.repeat(76)}\r\n`.repeat(20_000);
    let received = -1;
    const { verdicts } = await relay.submit(
      submissionOf({
        body,
        async beforeDot() {
          await expect
            .poll(() => server.clearBytes.includes('\r\n.\r\n') || server.clearBytes.length > body.length)
            .toBe(true);
          received = server.log.filter(({ what }) => what === 'message').length;
          return true;
        },
      }),
    );
    expect(verdicts[0]?.kind).toBe('sent');
    expect(received).toBe(0);
  });
});

describe('The rate', () => {
  it('lets so many begin in a second and no more, whatever connections are free', async () => {
    const { clock, server, relay } = await start({}, { config: { rate: 2, connections: 10 } });
    const results = Array.from({ length: 6 }, () => relay.submit(submissionOf()));
    await Promise.all(results.slice(0, 2));
    expect(server.messages).toHaveLength(2);
    clock.advance(1_000);
    await Promise.all(results.slice(0, 4));
    expect(server.messages).toHaveLength(4);
    clock.advance(1_000);
    await Promise.all(results);
    expect(server.messages).toHaveLength(6);
  });
});

describe('A probe', () => {
  it('connects and authenticates, sends nothing, and leaves politely', async () => {
    const { server, relay } = await start({}, { config: { credentials: { user: 'a', pass: 'b' } } });
    expect(await relay.probe(new AbortController().signal)).toEqual({ kind: 'well' });
    await server.seen('end');
    expect(server.commands()).toEqual(['EHLO mailwright.test', 'AUTH PLAIN AGEAYg==', 'QUIT']);
  });

  it('says what is wrong', async () => {
    const { relay } = await start(
      { script: { auth: { kind: 'reply', lines: ['535 5.7.8 who are you'] } } },
      { config: { credentials: { user: 'a', pass: 'b' } } },
    );
    const condition = await relay.probe(new AbortController().signal);
    expect(condition).toEqual({ kind: 'hold', cause: 'authentication failed: 535 5.7.8 who are you' });
  });
});

describe('Closing', () => {
  it('says QUIT on idle connections, ends others at once, and leaves no timer', async () => {
    const { clock, server, relay } = await start(
      { script: { data: ({ count }) => (count === 0 ? null : { kind: 'hang' }) } },
      { config: { connections: 2 } },
    );
    await relay.submit(submissionOf());
    const idle = relay.submit(submissionOf());
    await server.seen('hang');
    await relay.close();
    expect((await idle).verdicts[0]).toMatchObject({ kind: 'back', cause: 'aborted' });
    await server.seen('end');
    expect(clock.pending).toBe(0);
    expect((await relay.submit(submissionOf())).verdicts[0]).toMatchObject({
      kind: 'back',
      cause: 'aborted',
    });
  });

  it('does not wait for a server that does not answer QUIT', async () => {
    const { clock, server, relay } = await start({ script: { quit: { kind: 'hang' } } });
    await relay.submit(submissionOf());
    const closed = relay.close();
    await server.seen('hang');
    clock.advance(2_000);
    await closed;
    await server.seen('end');
  });
});
