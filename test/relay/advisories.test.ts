import { afterEach, describe, expect, it, test } from 'vitest';
import { readCapabilities } from '../../src/relay/capabilities.ts';
import type { Relay, Submission } from '../../src/relay/relay.ts';
import { expectProportional } from '../support/growth.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import type { ServerOptions } from '../support/smtp-script.ts';
import { CREDENTIALS, type RelayCall, relayTo, submissionOf } from './support.ts';

// What was once wrong in the SMTP client behind us (the advisories of threats.md section 17 that concern a connection).
// Each is kept from it twice: by the version that is pinned, and by what we let reach it.

const opened: { server?: ScriptedServer; relay?: Relay } = {};

afterEach(async () => {
  await opened.relay?.close();
  await opened.server?.close();
});

async function start(options: ServerOptions = {}, call: Partial<RelayCall> = {}) {
  const server = await startScriptedServer(options);
  const relay = await relayTo({ port: server.port, ...call });
  opened.server = server;
  opened.relay = relay;
  return { server, relay };
}

describe('Nothing that a caller chose becomes a command', () => {
  test.each([
    ['CVE-2021-23400: a line break in an address', 'a@b.example\r\nX-Injected: 1'],
    [
      'CVE-2025-13033: a quoted local part that looks like an address',
      '"attacker@evil.example x"@internal.example',
    ],
    ['GHSA-cc9r-2j5m-2m83: a comment in a domain', 'user@good.example(x)evil.example'],
    ['GHSA-wmmp-3585-3rmp: circled letters', 'a@\u24d4xample.example'],
    ['GHSA-wmmp-3585-3rmp: an ideographic full stop', 'a@b\u3002example'],
    ['GHSA-wmmp-3585-3rmp: a soft hyphen', 'a@b\u00adc.example'],
    ['GHSA-wmmp-3585-3rmp: a zero-width space', 'a@b\u200bc.example'],
    ['GHSA-g57g-f23g-4646: a quoted local part and a comment', '"user"@example.com(x)evil.example'],
    ['GHSA-g73g-hqqh-jr95: a name around a comment', 'Name <user@example.com(x)evil.example>'],
    ['GHSA-3q53-mvfw-q9v8: a space in a domain', 'user@victim.example .allowed.example'],
    ['CVE-2025-14874: group markers', 'g:'.repeat(100_000)],
    ['GHSA-2x7j-588g-ccc2: a hundred thousand addresses in one', 'a@b.example,'.repeat(100_000)],
    ['GHSA-prgh-xp8r-p3m5: a hundred thousand comments', 'a(x)'.repeat(100_000)],
    ['GHSA-v53p-9fqp-m79j: 140 KB without an address', 'x '.repeat(70_000)],
  ])('%s', async (_, address) => {
    const { server, relay } = await start();
    const { verdicts } = await relay.submit(submissionOf({ recipients: [address] }));
    const [verdict] = verdicts;
    if (verdict?.kind === 'sent') {
      // A valid quoted local part goes to the domain after the last @, and nowhere else.
      expect(server.messages[0]?.recipients).toEqual([address]);
      expect(address.endsWith('"@internal.example')).toBe(true);
    } else {
      expect(verdict).toMatchObject({ kind: 'failed', reason: 'invalid_envelope' });
      expect(server.log).toEqual([]);
    }
  });

  it.each([
    ['CVE-2025-14874: group markers', 'g:', 100_000],
    ['GHSA-2x7j-588g-ccc2: addresses in one', 'a@b.example,', 100_000],
    ['GHSA-prgh-xp8r-p3m5: comments', 'a(x)', 100_000],
    ['GHSA-v53p-9fqp-m79j: no address', 'x ', 70_000],
  ])('%s take time in proportion', async (_, piece, times) => {
    const { relay } = await start();
    await expectProportional(times, (count) =>
      relay.submit(submissionOf({ recipients: [piece.repeat(count)] })),
    );
  });

  it('GHSA-c7w3-x93f-qmm8: a line break in the size', async () => {
    const { server, relay } = await start();
    const given = submissionOf();
    const size = '10\r\nRCPT TO:<x@y.example>' as unknown as number;
    const submission: Submission = { ...given, envelope: { ...given.envelope, size } };
    expect((await relay.submit(submission)).verdicts[0]).toMatchObject({ reason: 'invalid_envelope' });
    expect(server.log).toEqual([]);
  });

  it('GHSA-vvjj-xcjg-gr5g: a line break in the name for EHLO stays on its line', async () => {
    const { server, relay } = await start(
      {},
      { config: { ehloName: 'a.example\r\nMAIL FROM:<x@y.example>' } },
    );
    await relay.submit(submissionOf());
    expect(server.commands().filter((line) => /^MAIL FROM:<x@/.test(line))).toEqual([]);
  });
});

describe('GHSA-4ffr-jq9g-5ffx: an AUTH line padded with spaces', () => {
  const padded = (spaces: number) => `AUTH${' '.repeat(spaces)}PLAIN`;

  it('is read in linear time', async () => {
    await expectProportional(240_000, (spaces) => {
      expect(readCapabilities(`250-relay.test\n250-${padded(spaces)}\n250 SIZE 10`)).toMatchObject({
        mechanism: 'PLAIN',
        maxSize: 10,
      });
    });
  });

  it('and does not keep a session from its work', async () => {
    const { relay } = await start({ announces: [padded(60_000)] }, { config: { credentials: CREDENTIALS } });
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
  });
});

describe('Fixes without a number', () => {
  it.each([
    ['one command at a time', []],
    ['with pipelining', ['PIPELINING']],
  ] as const)('after a refused sender no message follows, %s', async (_, announces) => {
    const { server, relay } = await start({
      announces,
      script: {
        mail: { kind: 'reply', lines: ['550 5.7.1 no'] },
        data: { kind: 'reply', lines: ['354 go on'] },
      },
    });
    expect((await relay.submit(submissionOf())).verdicts[0]).toMatchObject({ kind: 'failed', phase: 'mail' });
    expect(server.clearBytes).not.toContain('A line.');
    expect(server.commands().includes('DATA')).toBe(announces.length > 0);
  });

  it('every submission is settled when the connection ends, in whatever moment', async () => {
    for (const step of ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const) {
      const { server, relay } = await start({ script: { [step]: { kind: 'reset' } } });
      const { verdicts } = await relay.submit(submissionOf());
      expect(verdicts[0]?.kind).toBe(step === 'dot' ? 'unknown' : 'deferred');
      await relay.close();
      await server.close();
    }
  });

  it('a 421 ends the connection, whatever it answered and whatever the server does then', async () => {
    const { server, relay } = await start({
      script: { rcpt: { kind: 'reply', lines: ['421 4.3.2 going'] } },
    });
    await relay.submit(submissionOf());
    await server.seen('end');
  });

  it('a reply without end, a reply of a megabyte: the connection is ended, and little of it is kept', async () => {
    for (const bytes of ['250-'.padEnd(1_000_000, 'x'), '250-x\r\n'.repeat(200_000)]) {
      const { server, relay } = await start({ script: { mail: { kind: 'bytes', bytes } } });
      const { verdicts } = await relay.submit(submissionOf());
      expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'mail' });
      expect(JSON.stringify(verdicts).length).toBeLessThan(5_000);
      await server.seen('end');
      await relay.close();
      await server.close();
    }
  });
});

describe('Our credentials', () => {
  it('are in no verdict and no condition, though the server repeats the line', async () => {
    const echo = ({ line }: { readonly line: string }) =>
      ({
        kind: 'reply',
        lines: [`500 5.5.1 Command unrecognized: "${line}" (${CREDENTIALS.pass})`],
      }) as const;
    const { relay } = await start({ script: { auth: echo } }, { config: { credentials: CREDENTIALS } });
    const result = JSON.stringify(await relay.submit(submissionOf()));
    expect(result).toContain('Command unrecognized');
    const { user, pass } = CREDENTIALS;
    for (const secret of [pass, btoa(pass), btoa(`\0${user}\0${pass}`)]) expect(result).not.toContain(secret);
    expect(JSON.stringify(await relay.probe(new AbortController().signal))).not.toContain(pass);
  });

  test.each([
    ['PLAIN', ['AUTH PLAIN']],
    ['LOGIN', ['AUTH LOGIN']],
    ['LOGIN', ['AUTH=LOGIN']],
    ['PLAIN', ['AUTH XOAUTH2 CRAM-MD5 LOGIN PLAIN']],
    ['CRAM-MD5', ['AUTH GSSAPI CRAM-MD5 XOAUTH2']],
  ])('go by %s when the server announces %j', async (mechanism, announces) => {
    const { server, relay } = await start({ announces }, { config: { credentials: CREDENTIALS } });
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    expect(server.commands()[1]?.startsWith(`AUTH ${mechanism}`)).toBe(true);
  });

  test.each([[['SIZE 10']], [['AUTH XOAUTH2 GSSAPI']], [['AUTH']], [['XAUTH PLAIN']]])(
    'go nowhere when it announces %j: held',
    async (announces) => {
      const { server, relay } = await start({ announces }, { config: { credentials: CREDENTIALS } });
      const { verdicts, condition } = await relay.submit(submissionOf());
      expect(verdicts[0]).toMatchObject({ kind: 'back', phase: 'auth', elsewhere: true });
      expect(condition?.kind).toBe('hold');
      expect(server.commands()).toEqual(['EHLO mailwright.test']);
    },
  );
});
