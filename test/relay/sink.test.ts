import { afterEach, describe, expect, it, test } from 'vitest';
import type { Relay } from '../../src/relay/relay.ts';
import { certificates } from '../support/certificates.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts';
import { CREDENTIALS, realClock, relayTo, submissionOf } from './support.ts';

// A script knows only what its author knew: here the other side is an SMTP server that is not ours.

const opened: { sink?: SmtpSink; relay?: Relay } = {};

afterEach(async () => {
  await opened.relay?.close();
  await opened.sink?.close();
});

async function start(security: 'none' | 'starttls' | 'implicit', pass: string = CREDENTIALS.pass) {
  const { good } = await certificates();
  const sink = await startSmtpSink({
    security,
    certificate: good,
    ...(security === 'none' ? {} : { credentials: { user: CREDENTIALS.user, pass } }),
  });
  const relay = await relayTo({ port: sink.port, security, clock: realClock });
  opened.sink = sink;
  opened.relay = relay;
  return { sink, relay };
}

describe('Against a server that is not ours', () => {
  test.each(['none', 'starttls', 'implicit'] as const)(
    'a thousand mails over %s arrive once each',
    async (security) => {
      const { sink, relay } = await start(security);
      const count = security === 'none' ? 1_000 : 200;
      const submitted = Array.from({ length: count }, (_, number) =>
        relay.submit(
          submissionOf({
            body: `Message-ID: <${number}@test.example>\r\n\r\n.${number}\r\n`,
            recipients: [`a${number}@rcpt.example`, `b${number}@rcpt.example`],
          }),
        ),
      );
      const results = await Promise.all(submitted);
      expect(results.flatMap(({ verdicts }) => verdicts).filter(({ kind }) => kind !== 'sent')).toEqual([]);
      expect([...sink.ledger().values()].filter((copies) => copies !== 1)).toEqual([]);
      expect(sink.ledger().size).toBe(2 * count);
      expect(sink.connections).toBeLessThanOrEqual(Math.ceil(count / 100) + 4);
      expect(
        sink.messages.every(
          ({ secure, user }) => secure === (security !== 'none') && (user !== null) === secure,
        ),
      ).toBe(true);
    },
  );

  it('a body of 5 MB comes through unchanged, dots and all', async () => {
    const { sink, relay } = await start('starttls');
    const body = `Subject: large\r\n\r\n${`.${'x'.repeat(75)}\r\n..\r\n`.repeat(62_000)}`;
    expect((await relay.submit(submissionOf({ body }))).verdicts[0]?.kind).toBe('sent');
    expect(sink.messages[0]?.raw === body).toBe(true);
  });

  it('wrong credentials hold the relay', async () => {
    const { sink, relay } = await start('starttls', 'something else');
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'back', phase: 'auth', elsewhere: true });
    expect(condition?.kind).toBe('hold');
    expect(sink.messages).toEqual([]);
  });
});
