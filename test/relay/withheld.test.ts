import { describe, expect, it } from 'vitest';
import { setStage } from './stage.ts';
import { submissionOf } from './support.ts';

describe('An abort', () => {
  it('before the connection puts the recipients back, due now', async () => {
    const { server, relay } = await setStage();
    const { verdicts, condition } = await relay.submit(submissionOf({ signal: AbortSignal.abort() }));
    expect(verdicts[0]).toEqual({
      kind: 'back',
      phase: 'claimed',
      cause: 'aborted',
      retryInMs: 0,
      elsewhere: false,
    });
    expect(condition).toBeNull();
    expect(server.log).toEqual([]);
  });

  it.each(['greeting', 'ehlo', 'mail', 'rcpt', 'data'] as const)(
    'at %s puts them back and closes',
    async (step) => {
      const { server, relay } = await setStage({ script: { [step]: { kind: 'hang' } } });
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
    const { server, relay } = await setStage();
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
    const { server, relay } = await setStage({ script: { dot: { kind: 'hang' } } });
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
    const { server, relay } = await setStage();
    const { verdicts, condition } = await relay.submit(submissionOf({ beforeDot }));
    expect(verdicts[0]).toMatchObject({ kind: 'back', phase: 'body', cause: 'not_recorded' });
    expect(condition?.kind).toBe('well');
    await server.seen('end');
    expect(server.log.filter(({ what }) => what === 'message')).toEqual([]);
    expect(server.clearBytes).not.toMatch(/\r\n\.\r\n/);
  });

  it('when the body breaks off: a truncated message is never sent', async () => {
    const { server, relay } = await setStage();
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
      const { clock, server, relay } = await setStage();
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
      expect(condition?.kind).toBe('well');
      await server.seen('end');
    },
  );

  it('until the whole body has left, and until it is recorded', async () => {
    const { server, relay } = await setStage();
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
