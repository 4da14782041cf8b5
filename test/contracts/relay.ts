import { afterEach, describe, expect, it, test } from 'vitest';
import type { Relay, RelayConfig, Security, Submission } from '../../src/relay/relay.ts';

/** What happens at a step, as data: the servers may be far from the driver under test. */
export type PlainFault =
  | { readonly kind: 'reply'; readonly lines: readonly string[]; readonly thenClose?: boolean }
  | { readonly kind: 'bytes'; readonly bytes: string; readonly thenClose?: boolean }
  | { readonly kind: 'reset' | 'close' | 'hang' };

export interface RemoteServer {
  readonly port: number;
  messages(): Promise<
    readonly { readonly sender: string; readonly recipients: readonly string[]; readonly text: string }[]
  >;
  commands(): Promise<readonly string[]>;
  connections(): Promise<number>;
  /** Resolves when the script hangs somewhere. */
  hangs(): Promise<void>;
}

export interface RelayHarness {
  /** A scripted server on `localhost`; `certificate` names one that the driver trusts, or one to refuse. */
  server(options: {
    readonly security: Security;
    readonly certificate?: 'good' | 'hostOnly' | 'wrongHost' | 'selfSigned' | 'expired';
    readonly offersStarttls?: boolean;
    readonly announces?: readonly string[];
    readonly script?: Readonly<Record<string, PlainFault>>;
  }): Promise<RemoteServer>;
  /** The driver under test, to `localhost`. With a short patience every wait before the dot is a quarter of a second. */
  relay(call: {
    readonly port: number;
    readonly security: Security;
    readonly config?: Partial<RelayConfig>;
    readonly patience?: 'short';
  }): Promise<Relay>;
  /** Ends every server that was started. */
  stop(): Promise<void>;
}

const SECURITIES: readonly Security[] = ['none', 'starttls', 'implicit'];
const TEXT = 'Subject: contract\r\n\r\n.a line that begins with a dot\r\n';

function submission(
  wanted: Partial<Submission> & { readonly recipients?: readonly string[] } = {},
): Submission {
  const { recipients = ['one@rcpt.example'], ...rest } = wanted;
  return {
    envelope: { sender: 'app@sender.example', recipients, size: TEXT.length },
    async *message() {
      yield new TextEncoder().encode(TEXT);
    },
    beforeDot: () => Promise.resolve(true),
    signal: new AbortController().signal,
    ...rest,
  };
}

/** What every driver of a relay promises, on every host. */
export function relayContract(name: string, open: () => RelayHarness): void {
  describe(`Relay driver ${name}`, () => {
    let harness = open();
    const relays: Relay[] = [];

    afterEach(async () => {
      await Promise.all(relays.splice(0).map((relay) => relay.close()));
      await harness.stop();
      harness = open();
    });

    async function relayTo(call: Parameters<RelayHarness['relay']>[0]): Promise<Relay> {
      const relay = await harness.relay(call);
      relays.push(relay);
      return relay;
    }

    for (const security of SECURITIES) {
      const isEncrypted = security !== 'none';

      it(`delivers over ${security}, the bytes unchanged, and keeps the connection`, async () => {
        const server = await harness.server({ security });
        const relay = await relayTo({ port: server.port, security });
        for (const recipients of [['one@rcpt.example'], ['two@rcpt.example', 'three@rcpt.example']]) {
          const { verdicts, condition } = await relay.submit(submission({ recipients }));
          expect(verdicts.map(({ kind }) => kind)).toEqual(recipients.map(() => 'sent'));
          expect(condition).toEqual({ kind: 'well' });
          const [verdict] = verdicts;
          expect(verdict?.kind === 'sent' && verdict.smtp.code).toBe(250);
          expect(verdict?.kind === 'sent' && verdict.smtp.remoteHost).toBe('localhost');
        }
        const messages = await server.messages();
        expect(messages.map(({ text }) => text)).toEqual([TEXT, TEXT]);
        expect(messages[1]?.recipients).toEqual(['two@rcpt.example', 'three@rcpt.example']);
        expect(await server.connections()).toBe(1);
      });

      it(`settles each recipient from its own reply over ${security}`, async () => {
        const script = { rcpt: { kind: 'reply', lines: ['550 5.1.1 unknown'] } } as const;
        const server = await harness.server({ security, script });
        const relay = await relayTo({ port: server.port, security });
        const { verdicts } = await relay.submit(submission({ recipients: ['a@x.example', 'b@x.example'] }));
        for (const verdict of verdicts) expect(verdict).toMatchObject({ kind: 'failed', suppress: true });
        expect(await server.messages()).toEqual([]);
      });

      test.each([
        ['a 4yz', { kind: 'reply', lines: ['451 4.3.0 no'] }, 'deferred'],
        ['a 5yz', { kind: 'reply', lines: ['554 5.6.0 no'] }, 'failed'],
        ['a 421', { kind: 'reply', lines: ['421 4.3.2 no'], thenClose: true }, 'deferred'],
        ['a close', { kind: 'close' }, 'unknown'],
        ['a reset', { kind: 'reset' }, 'unknown'],
        ['garbage', { kind: 'reply', lines: ['what'] }, 'unknown'],
        ['half a reply', { kind: 'bytes', bytes: '250 2.0', thenClose: true }, 'unknown'],
      ] as const)(`%s to the dot over ${security}: %3$s`, async (_, dot, kind) => {
        const server = await harness.server({ security, script: { dot } });
        const relay = await relayTo({ port: server.port, security });
        expect((await relay.submit(submission())).verdicts[0]?.kind).toBe(kind);
        expect(await server.messages()).toEqual([]);
      });

      test.each(['greeting', 'ehlo', 'mail', 'rcpt', 'data'] as const)(
        `a close at %s over ${security} is deferred, not thrown`,
        async (step) => {
          const server = await harness.server({ security, script: { [step]: { kind: 'close' } } });
          const relay = await relayTo({ port: server.port, security });
          const { verdicts, condition } = await relay.submit(submission());
          expect(verdicts[0]).toMatchObject({ kind: 'deferred', smtp: null });
          expect(condition?.kind).toBe('failure');
        },
      );

      it(`a server that hangs over ${security} is given up`, async () => {
        const server = await harness.server({ security, script: { mail: { kind: 'hang' } } });
        const relay = await relayTo({ port: server.port, security, patience: 'short' });
        const { verdicts } = await relay.submit(submission());
        expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'mail', elsewhere: true });
      });

      it(`the dot is withheld over ${security} when phase dot was not recorded`, async () => {
        const server = await harness.server({ security });
        const relay = await relayTo({ port: server.port, security });
        const { verdicts } = await relay.submit(submission({ beforeDot: () => Promise.resolve(false) }));
        expect(verdicts[0]?.kind).toBe('back');
        expect(await server.messages()).toEqual([]);
      });

      it(`an abort before the dot over ${security} puts back, after it is unknown`, async () => {
        const early = await harness.server({ security, script: { rcpt: { kind: 'hang' } } });
        const late = await harness.server({ security, script: { dot: { kind: 'hang' } } });
        for (const [server, kind] of [
          [early, 'back'],
          [late, 'unknown'],
        ] as const) {
          const stop = new AbortController();
          const relay = await relayTo({ port: server.port, security });
          const submitted = relay.submit(submission({ signal: stop.signal }));
          await server.hangs();
          stop.abort();
          expect((await submitted).verdicts[0]?.kind).toBe(kind);
        }
      });

      it(`a probe over ${security} authenticates and sends nothing`, async () => {
        const server = await harness.server({ security });
        const relay = await relayTo({ port: server.port, security });
        expect(await relay.probe(new AbortController().signal)).toEqual({ kind: 'well' });
        expect(await server.messages()).toEqual([]);
        const commands = await server.commands();
        expect(commands.some((line) => line.startsWith('AUTH'))).toBe(isEncrypted);
        expect(commands.some((line) => line.startsWith('MAIL'))).toBe(false);
      });
    }

    for (const security of ['starttls', 'implicit'] as const) {
      it(`a certificate that names only the host is good over ${security}`, async () => {
        const server = await harness.server({ security, certificate: 'hostOnly' });
        const relay = await relayTo({ port: server.port, security });
        expect((await relay.submit(submission())).verdicts[0]?.kind).toBe('sent');
      });

      test.each(['wrongHost', 'selfSigned', 'expired'] as const)(
        `a certificate that is %s over ${security} gets no secret and burns no recipient for good`,
        async (certificate) => {
          const server = await harness.server({ security, certificate });
          const relay = await relayTo({ port: server.port, security });
          const { verdicts, condition } = await relay.submit(submission());
          // A host that cannot tell why says `failure`, in the handshake; five of those are a hold.
          if (condition?.kind !== 'hold') expect(condition).toMatchObject({ kind: 'failure', tls: true });
          expect(['back', 'deferred']).toContain(verdicts[0]?.kind);
          expect((await server.commands()).some((line) => line.startsWith('AUTH'))).toBe(false);
        },
      );
    }

    it('STARTTLS that is not offered is never done without', async () => {
      const server = await harness.server({ security: 'starttls', offersStarttls: false });
      const relay = await relayTo({ port: server.port, security: 'starttls' });
      const { verdicts, condition } = await relay.submit(submission());
      expect(verdicts[0]).toMatchObject({ kind: 'back', elsewhere: true });
      expect(condition?.kind).toBe('hold');
      expect((await server.commands()).every((line) => line.startsWith('EHLO'))).toBe(true);
    });

    it('what a server says it cannot take is not offered to it', async () => {
      const server = await harness.server({ security: 'none', announces: ['SIZE 10'] });
      const relay = await relayTo({ port: server.port, security: 'none' });
      expect((await relay.submit(submission())).verdicts[0]).toMatchObject({
        kind: 'failed',
        reason: 'too_large',
      });
      const utf8 = await harness.server({ security: 'none', announces: [] });
      const other = await relayTo({ port: utf8.port, security: 'none' });
      const { verdicts } = await other.submit(submission({ recipients: ['ü@rcpt.example'] }));
      expect(verdicts[0]).toMatchObject({ kind: 'failed', reason: 'smtputf8_unsupported' });
    });

    it('several messages at once share no more connections than there may be', async () => {
      const server = await harness.server({ security: 'none' });
      const relay = await relayTo({ port: server.port, security: 'none', config: { connections: 2 } });
      const results = await Promise.all(Array.from({ length: 8 }, () => relay.submit(submission())));
      expect(results.map(({ verdicts }) => verdicts[0]?.kind)).toEqual(results.map(() => 'sent'));
      expect(await server.connections()).toBeLessThanOrEqual(2);
      expect(await server.messages()).toHaveLength(8);
    });
  });
}
