import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, test } from 'vitest';
import { afterCondition, describe as describeHealth, healthy } from '../../src/relay/health.ts';
import type { SubmissionResult } from '../../src/relay/relay.ts';
import { type Certificates, certificates } from '../support/certificates.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import type { ServerOptions } from '../support/smtp-script.ts';
import { CREDENTIALS, type RelayCall, realClock, relayTo, submissionOf } from './support.ts';

const SECRET = new RegExp(
  `${Buffer.from(`\0${CREDENTIALS.user}\0${CREDENTIALS.pass}`).toString('base64')}|AUTH `,
);

let server: ScriptedServer;

afterEach(() => server.close());

async function play(options: ServerOptions, call: Partial<RelayCall> = {}): Promise<SubmissionResult> {
  server = await startScriptedServer({ certificate: (await certificates()).good, ...options });
  const security = call.security ?? options.security ?? 'starttls';
  const relay = await relayTo({ ...call, port: server.port, security });
  const result = await relay.submit(submissionOf());
  await relay.close();
  return result;
}

/** Nothing that looks like AUTH reached the server, in the clear or over a connection it should not have been given. */
function expectNoSecret(): void {
  expect(server.commands().filter((command) => SECRET.test(command))).toEqual([]);
  expect(server.clearBytes).not.toMatch(SECRET);
}

function expectHeld({ verdicts, condition }: SubmissionResult): void {
  expect(verdicts[0]).toMatchObject({ kind: 'back', elsewhere: true });
  expect(condition?.kind).toBe('hold');
  expectNoSecret();
}

describe('threats §14 r1: STARTTLS that is not there', () => {
  it('not announced: the relay is held, and nothing is sent but EHLO', async () => {
    expectHeld(await play({ security: 'starttls', offersStarttls: false }));
    expect(server.commands()).toEqual(['EHLO mailwright.test']);
  });

  it('announced only in the name of the host, it is not announced', async () => {
    const announces = ['AUTH PLAIN', 'X-STARTTLS', 'NOT STARTTLS'];
    expectHeld(await play({ security: 'starttls', offersStarttls: false, announces }));
    expect(server.commands()).toEqual(['EHLO mailwright.test']);
  });

  test.each(['502 5.5.1 not implemented', '501 no', '530 5.7.0 no'])('answered %s: held', async (line) => {
    expectHeld(await play({ security: 'starttls', script: { starttls: { kind: 'reply', lines: [line] } } }));
  });

  test.each(['454 4.7.0 not available', '450 no'])('answered %s: paused, uncounted', async (line) => {
    const result = await play({
      security: 'starttls',
      script: { starttls: { kind: 'reply', lines: [line] } },
    });
    expect(result.verdicts[0]).toMatchObject({ kind: 'back', elsewhere: true, phase: 'tls' });
    expect(result.condition?.kind).toBe('pause');
    expectNoSecret();
  });
});

describe('threats §14 r2: what comes behind the 220', () => {
  it('garbage instead of a handshake is a handshake error', async () => {
    expectHeld(
      await play({
        security: 'starttls',
        script: { tls: { kind: 'bytes', bytes: 'no TLS at all, sorry\r\n' } },
      }),
    );
  });

  test.each([
    ['whole lines', '250-evil.example\r\n250-AUTH PLAIN\r\n250 SIZE 1\r\n'],
    ['a fragment without its line end', '250 SIZE 1'],
  ])('plaintext is dropped: %s', async (_, behind) => {
    const result = await play({
      security: 'starttls',
      announcesAfterTls: ['SIZE 100000', 'AUTH LOGIN'],
      script: { starttls: { kind: 'reply', lines: ['220 go'], behind } },
    });
    expect(result.verdicts[0]?.kind).toBe('sent');
    // AUTH PLAIN and SIZE 1 were injected; LOGIN and the true size came over TLS.
    expect(server.commands()).toContain('AUTH LOGIN');
    expect(server.clearBytes).not.toMatch(SECRET);
  });
});

describe('threats §14 r3: certificates', () => {
  const BAD: readonly (keyof Certificates)[] = [
    'selfSigned',
    'expired',
    'wrongHost',
    'noNames',
    'weakDigest',
    'unknownAuthority',
  ];
  for (const security of ['starttls', 'implicit'] as const) {
    test.each(BAD)(`%s over ${security}: held, recipients not burnt, no secret sent`, async (kind) => {
      const certificate = (await certificates())[kind];
      if (typeof certificate === 'string') throw new Error('not a server');
      const result = await play({ security, certificate });
      expectHeld(result);
      expect(result.verdicts[0]).toMatchObject({ phase: 'tls' });
    });

    it(`a good one over ${security}, asked for by an address it names: sent`, async () => {
      const { verdicts } = await play({ security }, { host: '127.0.0.1' });
      expect(verdicts[0]).toMatchObject({ kind: 'sent', smtp: { remoteHost: '127.0.0.1', tls: 'TLSv1.3' } });
    });
  }

  it('NODE_EXTRA_CA_CERTS is how an operator adds an authority', async () => {
    const { ca, good } = await certificates();
    const folder = await mkdtemp(join(tmpdir(), 'relay-ca-'));
    server = await startScriptedServer({ security: 'starttls', certificate: good });
    try {
      await writeFile(join(folder, 'ca.pem'), ca);
      const run = async (env: NodeJS.ProcessEnv) => {
        const child = join(import.meta.dirname, 'extra-ca-child.ts');
        const options = { env: { ...process.env, ...env }, timeout: 20_000 };
        const { stdout } = await promisify(execFile)(process.execPath, [child, String(server.port)], options);
        return stdout.trim();
      };
      expect(await run({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })).toBe('sent well');
      expect(await run({ NODE_EXTRA_CA_CERTS: '' })).toBe('back hold');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('threats §14 r4: the wrong protocol', () => {
  for (const security of ['starttls', 'implicit'] as const) {
    it(`TLS 1.0 and 1.1 only over ${security}: held`, async () => {
      expectHeld(await play({ security, tlsVersions: { min: 'TLSv1', max: 'TLSv1.1' } }));
    });

    it(`TLS 1.2 over ${security}: sent`, async () => {
      const { verdicts } = await play({ security, tlsVersions: { min: 'TLSv1.2', max: 'TLSv1.2' } });
      expect(verdicts[0]).toMatchObject({ kind: 'sent', smtp: { tls: 'TLSv1.2' } });
    });
  }

  it('a port for implicit TLS that speaks plaintext: held', async () => {
    expectHeld(await play({ security: 'none' }, { security: 'implicit' }));
    expect(server.commands()).toEqual([]);
  });

  it('a port for STARTTLS that speaks TLS at once: held, though it only seems to be silent', async () => {
    const call = { security: 'starttls', clock: realClock, waits: { greeting: 30 } } as const;
    expectHeld(await play({ security: 'implicit' }, call));
    expect(server.clearBytes).toBe('');
  });

  it('a port for STARTTLS that sends a TLS record first: held', async () => {
    const script = {
      greeting: { kind: 'bytes', bytes: '\x15\x03\x03\x00\x02\x02\x46', thenClose: true },
    } as const;
    expectHeld(await play({ security: 'none', script }, { security: 'starttls' }));
  });
});

describe('threats §14 r5: EHLO after TLS', () => {
  it('only the second announcement counts', async () => {
    const { verdicts } = await play({
      security: 'starttls',
      announces: ['AUTH PLAIN', 'SIZE 3', 'PIPELINING', 'SMTPUTF8'],
      announcesAfterTls: ['AUTH LOGIN', 'SIZE 100000'],
    });
    expect(verdicts[0]?.kind).toBe('sent');
    expect(server.commands()).toContain('AUTH LOGIN');
    expect(server.commands().filter((command) => /^AUTH PLAIN/.test(command))).toEqual([]);
  });

  it('what was announced in the clear alone is not there', async () => {
    const announces = ['SMTPUTF8', 'AUTH PLAIN'];
    server = await startScriptedServer({
      security: 'starttls',
      certificate: (await certificates()).good,
      announces,
      announcesAfterTls: ['AUTH PLAIN'],
    });
    const relay = await relayTo({ port: server.port, security: 'starttls' });
    const { verdicts } = await relay.submit(submissionOf({ recipients: ['ü@rcpt.example'] }));
    expect(verdicts[0]).toMatchObject({ kind: 'failed', reason: 'smtputf8_unsupported', smtp: null });
    await relay.close();
  });

  it('AUTH that is announced in the clear alone is held, without a try', async () => {
    expectHeld(
      await play({ security: 'starttls', announces: ['AUTH PLAIN'], announcesAfterTls: ['SIZE 1000'] }),
    );
  });
});

describe('threats §14 r6: a close in the handshake', () => {
  for (const security of ['starttls', 'implicit'] as const) {
    it(`over ${security} is deferred and counts; five in a row are a wrong setting`, async () => {
      server = await startScriptedServer({
        security,
        certificate: (await certificates()).good,
        script: { tls: { kind: 'close' } },
      });
      const relay = await relayTo({ port: server.port, security });
      let health = healthy();
      for (let failures = 1; failures <= 5; failures += 1) {
        const { verdicts, condition } = await relay.submit(submissionOf());
        expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'tls', elsewhere: true });
        expect(condition).toMatchObject({ kind: 'failure', tls: true });
        if (condition !== null) health = afterCondition(health, { condition, now: failures });
        expect(describeHealth(health, failures).state).toBe(failures < 5 ? 'open' : 'held');
      }
      expect(describeHealth(health, 5).cause).toMatch(/^misconfigured/);
      expectNoSecret();
      await relay.close();
    });
  }
});
