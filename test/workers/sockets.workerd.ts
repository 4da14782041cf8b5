import { expect, test } from 'vitest';
import type { Verdict } from '../../schemas/delivery.ts';
import { workerHost } from '../../src/platform/workers/host.ts';
import { openSocket } from '../../src/platform/workers/sockets.ts';
import { WORKERS_WAITS } from '../../src/platform/workers/waits.ts';
import { afterCondition, describe as describeHealth, healthy } from '../../src/relay/health.ts';
import { createRelay } from '../../src/relay/pool.ts';
import type { Relay, Security, SubmissionResult } from '../../src/relay/relay.ts';
import { createSmtpConnect } from '../../src/relay/smtp.ts';
import { portOf, type ServerName, seenBy } from './inside/servers.ts';

function relayTo(name: ServerName, security: Security): Relay {
  const { now, after } = workerHost({ log: () => {}, now: () => Date.now() });
  const parts = { clock: { now, after }, waits: WORKERS_WAITS };
  return createRelay(
    {
      name: 'under-test',
      endpoints: [{ host: 'localhost', port: portOf(name), security }],
      credentials: security === 'none' ? null : { user: 'user', pass: 'pass' },
      connections: 2,
      rate: null,
      ehloName: 'client.test',
    },
    { ...parts, connect: createSmtpConnect({ ...parts, openSocket, tls: {} }) },
  );
}

function submit(relay: Relay, recipient: string): Promise<SubmissionResult> {
  const body = new TextEncoder().encode(`Subject: ${recipient}\r\n\r\nHello\r\n`);
  return relay.submit({
    envelope: { sender: 'me@mine.example', recipients: [recipient], size: body.length },
    async *message() {
      yield body;
    },
    beforeDot: async () => true,
    signal: new AbortController().signal,
  });
}

const kinds = ({ verdicts }: SubmissionResult): readonly Verdict['kind'][] =>
  verdicts.map(({ kind }) => kind);

test.each([
  ['plain', 'none'],
  ['starttls', 'starttls'],
  ['implicit', 'implicit'],
] as const)('mail goes through a socket opened by host name: %s', async (name, security) => {
  const relay = relayTo(name, security);
  expect(kinds(await submit(relay, `road-${name}@there.example`))).toEqual(['sent']);
  const { messages, log } = await seenBy(name);
  const message = messages.find(({ recipients }) => recipients.includes(`road-${name}@there.example`));
  expect(message?.text).toContain('Hello');
  const auth = log.filter(({ what, text }) => what === 'command' && text.startsWith('AUTH'));
  expect(auth.map(({ encrypted }) => encrypted).every(Boolean)).toBe(true);
  await relay.close();
});

test('a connection is kept for the next message', async () => {
  const relay = relayTo('plain', 'none');
  await submit(relay, 'kept-1@there.example');
  await submit(relay, 'kept-2@there.example');
  const { messages } = await seenBy('plain');
  const connections = messages
    .filter(({ recipients }) => recipients.some((address) => address.startsWith('kept-')))
    .map(({ connection }) => connection);
  expect(connections).toHaveLength(2);
  expect(new Set(connections).size).toBe(1);
  await relay.close();
});

test.each([
  ['starttlsWrongHost', 'starttls'],
  ['implicitWrongHost', 'implicit'],
] as const)(
  'threats §14 r3: a certificate for another host is refused, and is known to be TLS: %s',
  async (name, security) => {
    const relay = relayTo(name, security);
    const { verdicts, condition } = await submit(relay, 'secret@there.example');
    expect(verdicts).toMatchObject([{ kind: 'deferred', phase: 'tls' }]);
    expect(condition).toMatchObject({ kind: 'failure', tls: true });
    const { messages, clearBytes } = await seenBy(name);
    expect(messages).toEqual([]);
    expect(clearBytes).not.toMatch(/AUTH|MAIL|secret/);
  },
);

test('five TLS failures in a row hold the relay, visibly', async () => {
  const relay = relayTo('implicitWrongHost', 'implicit');
  let health = healthy();
  for (let attempt = 0; attempt < 5; attempt++) {
    const { condition } = await submit(relay, 'again@there.example');
    if (condition !== null) health = afterCondition(health, { condition, now: attempt });
  }
  expect(describeHealth(health, 5)).toMatchObject({
    state: 'held',
    cause: expect.stringContaining('misconfigured'),
  });
});

test('a port that nobody listens on is the network, not TLS', async () => {
  const call = { host: 'localhost', port: 1, signal: new AbortController().signal, tlsBegins: () => {} };
  for (const security of ['none', 'implicit'] as const) {
    expect(await openSocket({ ...call, security })).toMatchObject({
      ok: false,
      phase: 'connect',
      misconfigured: false,
    });
  }
});

test('a server without STARTTLS gets no credentials and no mail', async () => {
  const relay = relayTo('noStarttls', 'starttls');
  const { verdicts } = await submit(relay, 'stripped@there.example');
  expect(verdicts[0]?.kind).not.toBe('sent');
  expect((await seenBy('noStarttls')).clearBytes).not.toMatch(/AUTH|MAIL/);
});
