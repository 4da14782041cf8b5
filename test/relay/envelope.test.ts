import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { parseAddress } from '../../src/mime/address.ts';
import { envelopeProblem } from '../../src/relay/envelope.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { casesFor, countCases } from '../support/cases.ts';
import { newer, older } from '../support/isemail.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import { relayTo, submissionOf } from './support.ts';

const VALID: readonly string[] = [
  'a@b.example',
  'first.last+tag@sub.b.example',
  "o'brien!#$%&*/=?^_`{|}~-@b.example",
  '"quoted"@b.example',
  '"with space"@b.example',
  '"a@inner.example"@b.example',
  '"back\\\\slash \\" quote"@b.example',
  'postmaster@[192.0.2.1]',
  'postmaster@[IPv6:2001:db8::1]',
  'ü@b.example',
  '사용자@b.example',
  'a@xn--bcher-kva.example',
  'a@localhost',
];

const INVALID: readonly string[] = [
  '',
  'root',
  '@b.example',
  'a@',
  'a@b@c.example',
  '<a@b.example>',
  'a@b.example>',
  'a@b.example> SIZE=1',
  'a@b.example SIZE=1',
  'a@b.example> NOTIFY=NEVER',
  'a@b.example\r\nRCPT TO:<x@y.example>',
  'a@b.example>\r\nRCPT TO:<x@y.example>',
  'a@b.example\n',
  ' a@b.example',
  'a@b.example ',
  'a b@c.example',
  'a@b example',
  'x@a.example,y@b.example',
  'x@a.example;y@b.example',
  'g:a@x.example,b@y.example;',
  '@r1,@r2:a@b.example',
  'mailto:a@b.example',
  'a(comment)@b.example',
  'a@b.example(comment)',
  'user@good.example(x)evil.example',
  'user@victim.example .allowed.example',
  '"unclosed@b.example',
  '"a"b@c.example',
  '"a\r\nb"@c.example',
  '"a>b"@c.example',
  'a\0@b.example',
  'a\u007f@b.example',
  'a\u0085@b.example',
  'a@b..example',
  'a@.example',
  'a@-b.example',
  'a@b.example-',
  'a@B.EXAMPLE',
  'a@bücher.example',
  'a@b。example',
  'a@\u00adb.example',
  'a@b\u200b.example',
  'a@[192.0.2.1',
  'a@[1] SIZE=1]',
  '\ud800@b.example',
];

function problemOf(sender: string, recipients: readonly string[], size = 10): string | null {
  return envelopeProblem({ sender, recipients, size });
}

describe('An envelope goes on the wire as it is, or not at all', () => {
  test.each(VALID)('valid: %j', (address) => {
    expect(problemOf(address, [address])).toBeNull();
  });

  test.each(INVALID)('invalid: %j', (address) => {
    expect(problemOf('s@b.example', ['a@b.example', address])).toMatch(/recipient 1/);
    if (address !== '') expect(problemOf(address, ['a@b.example'])).toMatch(/sender/);
  });

  it('the sender may be empty (RFC 5321 §4.5.5), a recipient may not', () => {
    expect(problemOf('', ['a@b.example'])).toBeNull();
    expect(problemOf('', [''])).not.toBeNull();
  });

  it('needs a recipient, and each only once', () => {
    expect(problemOf('s@b.example', [])).not.toBeNull();
    expect(problemOf('s@b.example', ['a@b.example', 'a@b.example'])).not.toBeNull();
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'its size is a number of bytes: %d is none',
    (size) => {
      expect(problemOf('s@b.example', ['a@b.example'], size)).not.toBeNull();
    },
  );
});

describe('On the wire', () => {
  let server: ScriptedServer;
  let relay: Relay;

  beforeEach(async () => {
    server = await startScriptedServer({ announces: ['SIZE 52428800', 'SMTPUTF8', '8BITMIME'] });
    relay = await relayTo({ port: server.port, config: { connections: 1 } });
  });

  afterEach(async () => {
    await relay.close();
    await server.close();
  });

  it('a wrong envelope fails each recipient, and no connection is opened', async () => {
    for (const address of INVALID) {
      const { verdicts, condition } = await relay.submit(
        submissionOf({ recipients: ['good@b.example', address] }),
      );
      expect(verdicts).toHaveLength(2);
      for (const verdict of verdicts) {
        expect(verdict).toMatchObject({
          kind: 'failed',
          phase: 'claimed',
          reason: 'invalid_envelope',
          smtp: null,
        });
      }
      expect(condition).toBeNull();
    }
    expect(server.log).toEqual([]);
  });

  it('the addresses of MAIL and RCPT are those of the envelope, in number, order and content', async (context) => {
    const numRuns = casesFor({ usual: 200, many: 5_000 });
    countCases(context, numRuns);
    const word = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}$/);
    const local = fc.oneof(
      fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('.')),
      fc.stringMatching(/^[ a-zA-Z0-9@.,;:()[\]]{1,15}$/).map((text) => `"${text}"`),
      fc.constantFrom('"\\"\\\\"', '" leading"', '"trailing "'),
    );
    const domain = fc.constantFrom('a.example', 'xn--bcher-kva.example', 'x.y.z.example', '[192.0.2.1]');
    const address = fc.tuple(local, domain).map((parts) => parts.join('@'));
    const recipients = fc.uniqueArray(address, { minLength: 1, maxLength: 8 });
    const sender = fc.oneof(address, fc.constant(''));
    await fc.assert(
      fc.asyncProperty(sender, recipients, async (from, to) => {
        const before = server.log.length;
        const { verdicts } = await relay.submit(submissionOf({ sender: from, recipients: to }));
        expect(verdicts.map(({ kind }) => kind)).toEqual(to.map(() => 'sent'));
        const lines = server.log
          .slice(before)
          .flatMap(({ what, text }) => (what === 'command' ? [text] : []));
        const expected = [`MAIL FROM:<${from}> SIZE=27`, ...to.map((one) => `RCPT TO:<${one}>`), 'DATA'];
        expect(lines.filter((line) => !/^(?:EHLO|RSET|QUIT)/.test(line))).toEqual(expected);
        expect(server.messages.at(-1)).toMatchObject({ sender: from, recipients: to });
      }),
      { numRuns },
    );
  });

  it.skipIf(newer.length === 0)(
    'an address of the isemail set that we take is on the wire as it is stored',
    async (context) => {
      const stored = [...newer, ...older].flatMap(({ address }) => {
        const reading = parseAddress(address);
        return reading.ok ? [reading.mailbox.address] : [];
      });
      countCases(context, stored.length);
      for (const address of new Set(stored)) {
        const { verdicts } = await relay.submit(submissionOf({ recipients: [address] }));
        expect([address, verdicts[0]?.kind]).toEqual([address, 'sent']);
        expect(Buffer.from(server.messages.at(-1)?.recipients[0] ?? '', 'latin1').toString()).toBe(address);
      }
    },
  );

  it('an address over ASCII is announced by SMTPUTF8 and sent in UTF-8', async () => {
    const { verdicts } = await relay.submit(
      submissionOf({ recipients: ['사용자@b.example', 'a@b.example'] }),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(['sent', 'sent']);
    expect(server.commands()).toContain('MAIL FROM:<app@sender.example> SMTPUTF8 SIZE=27');
    const utf8 = Buffer.from('RCPT TO:<사용자@b.example>').toString('latin1');
    expect(server.commands()).toContain(utf8);
  });

  it('a message over the announced SIZE fails before MAIL, and the connection goes on', async () => {
    const { verdicts, condition } = await relay.submit(submissionOf({ size: 52_428_801 }));
    expect(verdicts[0]).toMatchObject({ kind: 'failed', reason: 'too_large', smtp: null, bounce: null });
    expect(condition?.kind).toBe('well');
    await relay.submit(submissionOf());
    expect(server.commands().filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
    expect(server.log.filter(({ what }) => what === 'connect')).toHaveLength(1);
  });
});

describe('A server without extensions', () => {
  it('gets one command at a time, without parameters', async () => {
    const server = await startScriptedServer({ announces: [] });
    const relay = await relayTo({ port: server.port });
    const { verdicts } = await relay.submit(submissionOf({ recipients: ['a@b.example', 'c@b.example'] }));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['sent', 'sent']);
    expect(server.commands()).toContain('MAIL FROM:<app@sender.example>');
    await relay.close();
    await server.close();
  });

  it('that knows only HELO is enough', async () => {
    const script = {
      ehlo: ({ line }: { readonly line: string }) =>
        ({ kind: 'reply', lines: [line.startsWith('EHLO') ? '502 5.5.1 what' : '250 relay.test'] }) as const,
    };
    const server = await startScriptedServer({ script });
    const relay = await relayTo({ port: server.port });
    expect((await relay.submit(submissionOf())).verdicts[0]?.kind).toBe('sent');
    const asked = await relay.submit(submissionOf({ recipients: ['ü@b.example'] }));
    expect(asked.verdicts[0]).toMatchObject({ kind: 'failed', reason: 'smtputf8_unsupported' });
    await relay.close();
    await server.close();
  });
});
