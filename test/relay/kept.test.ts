import { describe, expect, it } from 'vitest';
import { connectionsOf, setStage } from './stage.ts';
import { submissionOf } from './support.ts';

describe('A kept connection that is gone before MAIL was answered is replaced once, uncounted', () => {
  it.each([
    ['closed', { kind: 'close' }],
    ['reset', { kind: 'reset' }],
    ['ended by a 421', { kind: 'reply', lines: ['421 4.4.2 idle for too long'], thenClose: true }],
  ] as const)('%s at the second MAIL', async (_, fault) => {
    let mails = 0;
    const { server, relay } = await setStage({
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
    expect(condition?.kind).toBe('well');
    expect(connectionsOf(server)).toBe(2);
    expect(server.messages).toHaveLength(2);
  });

  it('but not twice: a fresh connection that breaks there too is a failure', async () => {
    let mails = 0;
    const { server, relay } = await setStage({
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
    expect(condition?.kind).toBe('failure');
    expect(connectionsOf(server)).toBe(2);
  });

  it('and not later: a kept connection that breaks at RCPT has cost an attempt', async () => {
    let recipients = 0;
    const { server, relay } = await setStage({
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
    expect(connectionsOf(server)).toBe(1);
  });

  it('one that the server has closed while it was idle is not even tried', async () => {
    const { server, relay } = await setStage({
      script: {
        dot: ({ count }) => (count === 0 ? { kind: 'reply', lines: ['250 ok'], thenClose: true } : null),
      },
    });
    await relay.submit(submissionOf());
    await server.seen('end');
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(connectionsOf(server)).toBe(2);
  });

  it('a 421 to an idle connection closes it, and the next message goes over another', async () => {
    const { server, relay } = await setStage({
      script: {
        dot: ({ count }) =>
          count === 0 ? { kind: 'reply', lines: ['250 ok'], behind: '421 4.3.2 going down\r\n' } : null,
      },
    });
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(connectionsOf(server)).toBe(2);
  });

  it('a reply too many is no answer to the next message', async () => {
    let dots = 0;
    const { server, relay } = await setStage({
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
    expect(connectionsOf(server)).toBe(2);
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
    const { server, relay } = await setStage({ script }, { config: { credentials } });
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'deferred', elsewhere: true });
    expect(condition?.kind).toBe('failure');
    await server.seen('end');
    expect(server.commands().filter((line) => line.startsWith('MAIL'))).toEqual([]);
  });
});
