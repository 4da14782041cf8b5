import { describe, expect, it } from 'vitest';
import { refusedPort, startScriptedServer } from '../support/scripted-smtp-server.ts';
import { closeAfterwards, connectionsOf, setStage } from './stage.ts';
import { relayTo, submissionOf } from './support.ts';

describe('Connections are kept between messages', () => {
  it('one after the other, messages share a connection', async () => {
    const { server, relay } = await setStage();
    for (let count = 0; count < 5; count += 1) await relay.submit(submissionOf());
    expect(server.messages).toHaveLength(5);
    expect(connectionsOf(server)).toBe(1);
  });

  it('no more are open at once than configured; the rest wait their turn', async () => {
    let most = 0;
    const { server, relay } = await setStage({}, { config: { connections: 3 } });
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
    expect(connectionsOf(server)).toBeLessThanOrEqual(3);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });

  it('who waits too long for a connection is put back, uncounted', async () => {
    const { clock, server, relay } = await setStage({}, { config: { connections: 1 } });
    const gate = Promise.withResolvers<boolean>();
    const held = relay.submit(submissionOf({ beforeDot: () => gate.promise }));
    await server.seen('command', 4);
    const waiting = relay.submit(submissionOf());
    clock.advance(30_001);
    const { verdicts, condition } = await waiting;
    expect(verdicts[0]).toMatchObject({ kind: 'back', cause: 'busy' });
    // It was not asked: called well, a relay that hangs would never be found out.
    expect(condition).toBeNull();
    gate.resolve(true);
    expect((await held).verdicts[0]?.kind).toBe('sent');
  });

  it('after thirty idle seconds a connection says QUIT', async () => {
    const { clock, server, relay } = await setStage();
    await relay.submit(submissionOf());
    clock.advance(30_001);
    await server.seen('end');
    expect(server.commands().at(-1)).toBe('QUIT');
    await relay.submit(submissionOf());
    expect(connectionsOf(server)).toBe(2);
  });

  it('after a hundred messages a connection is replaced', async () => {
    const { server, relay } = await setStage({}, { config: { connections: 1 } });
    for (let count = 0; count < 101; count += 1) await relay.submit(submissionOf());
    expect(server.messages).toHaveLength(101);
    expect(connectionsOf(server)).toBe(2);
  });

  it('a transaction that stopped before the dot is cleared away with RSET before the next', async () => {
    const { server, relay } = await setStage({
      script: { rcpt: ({ count }) => (count === 0 ? refusal : null) },
    });
    const refused = await relay.submit(submissionOf());
    expect(refused.verdicts[0]?.kind).toBe('failed');
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(connectionsOf(server)).toBe(1);
    expect(server.commands().filter((line) => line === 'RSET')).toHaveLength(1);
  });

  it('a refused RSET costs the connection, not the message', async () => {
    const { server, relay } = await setStage({
      script: {
        rcpt: ({ count, line }) => (count === 0 && line.includes('one@') ? refusal : null),
        rset: refusal,
      },
    });
    await relay.submit(submissionOf());
    expect((await relay.submit(submissionOf({ recipients: ['two@rcpt.example'] }))).verdicts[0]?.kind).toBe(
      'sent',
    );
    expect(connectionsOf(server)).toBe(2);
  });
});

const refusal = { kind: 'reply', lines: ['550 5.1.1 no'] } as const;

describe('Ports are tried in order', () => {
  const endpoint = (port: number) => ({ host: 'localhost', port, security: 'none' }) as const;

  it('until one answers, and that one is tried first from then on', async () => {
    const dead = await startScriptedServer({ script: { connect: { kind: 'close' } } });
    const { server, relay } = await setStage();
    await relay.close();
    const endpoints = [endpoint(await refusedPort()), endpoint(dead.port), endpoint(server.port)];
    const both = await relayTo({ port: 0, config: { endpoints, connections: 1 } });
    closeAfterwards(both);
    const { verdicts, condition } = await both.submit(submissionOf());
    expect(verdicts[0]?.kind).toBe('sent');
    expect(condition?.kind).toBe('well');
    expect(await both.probe(new AbortController().signal)).toEqual({ kind: 'well' });
    expect(connectionsOf(dead)).toBe(1);
    expect(connectionsOf(server)).toBe(2);
    await dead.close();
  });

  it('a port that answers, though by a refusal, is the relay: no other is tried', async () => {
    const second = await startScriptedServer();
    const { server } = await setStage({
      script: { greeting: { kind: 'reply', lines: ['554 5.7.1 go away'] } },
    });
    const both = await relayTo({
      port: 0,
      config: { endpoints: [endpoint(server.port), endpoint(second.port)] },
    });
    const { condition } = await both.submit(submissionOf());
    expect(condition?.kind).toBe('hold');
    expect(second.log).toEqual([]);
    await both.close();
    await second.close();
  });

  it('when none answers it is one failure', async () => {
    const relay = await relayTo({
      port: 0,
      config: { endpoints: [endpoint(await refusedPort()), endpoint(await refusedPort())] },
    });
    closeAfterwards(relay);
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'connect', elsewhere: true });
    expect(condition?.kind).toBe('failure');
  });
});

describe('The rate', () => {
  it('lets so many begin in a second and no more, whatever connections are free', async () => {
    const { clock, server, relay } = await setStage({}, { config: { rate: 2, connections: 10 } });
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
    const { server, relay } = await setStage({}, { config: { credentials: { user: 'a', pass: 'b' } } });
    expect(await relay.probe(new AbortController().signal)).toEqual({ kind: 'well' });
    await server.seen('end');
    expect(server.commands()).toEqual(['EHLO mailwright.test', 'AUTH PLAIN AGEAYg==', 'QUIT']);
  });

  it('says what is wrong', async () => {
    const { relay } = await setStage(
      { script: { auth: { kind: 'reply', lines: ['535 5.7.8 who are you'] } } },
      { config: { credentials: { user: 'a', pass: 'b' } } },
    );
    const condition = await relay.probe(new AbortController().signal);
    expect(condition).toEqual({ kind: 'hold', cause: 'authentication failed: 535 5.7.8 who are you' });
  });
});

describe('Closing', () => {
  it('says QUIT on idle connections, ends others at once, and leaves no timer', async () => {
    const { clock, server, relay } = await setStage(
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
    const { clock, server, relay } = await setStage({ script: { quit: { kind: 'hang' } } });
    await relay.submit(submissionOf());
    const closed = relay.close();
    await server.seen('hang');
    clock.advance(2_000);
    await closed;
    await server.seen('end');
  });
});
