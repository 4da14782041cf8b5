import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { envelopeProblem } from '../../src/relay/envelope.ts';
import type { Envelope } from '../../src/relay/relay.ts';
import { reportWishes } from '../../src/relay/reports.ts';
import { setStage } from './stage.ts';
import { holds, submissionOf } from './support.ts';

const MAIL = '019c3a5e-7b12-7c4d-9e8f-a1b2c3d4e5f6';
const OURS = { sender: 'default22aa@bounces.mine.example', reportsAs: MAIL } as const;

async function commandsFor(
  wanted: Parameters<typeof submissionOf>[0],
  announces: readonly string[] = ['DSN', 'SMTPUTF8', 'SIZE 1000'],
): Promise<readonly string[]> {
  const { server, relay } = await setStage({ announces });
  const { verdicts } = await relay.submit(submissionOf(wanted));
  expect(verdicts.every(({ kind }) => kind === 'sent')).toBe(true);
  return server.commands().filter((line) => /^(?:MAIL|RCPT)/.test(line));
}

describe('Where the relay sends reports (RFC 3461)', () => {
  it('every outcome is asked for, with the header alone, under the id of the mail', async () => {
    expect(await commandsFor({ ...OURS, recipients: ['ann@rcpt.example'] })).toEqual([
      `MAIL FROM:<${OURS.sender}> SIZE=27 RET=HDRS ENVID=${MAIL}`,
      'RCPT TO:<ann@rcpt.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;ann@rcpt.example',
    ]);
  });

  it('what has a meaning in a parameter is escaped in the address (RFC 3461 §4)', async () => {
    const [, recipient] = await commandsFor({ ...OURS, recipients: ['a+b=c@rcpt.example'] });
    expect(recipient).toBe(
      'RCPT TO:<a+b=c@rcpt.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@rcpt.example',
    );
  });

  it('an address beyond ASCII has the type and the escapes of RFC 6533', async () => {
    const [, recipient] = await commandsFor({ ...OURS, recipients: ['bü+é@rcpt.example'] });
    expect(recipient).toMatch(/ ORCPT=utf-8;b\\x\{FC\}\\x\{2B\}\\x\{E9\}@rcpt\.example$/);
  });

  it('a space in a quoted local part ends no parameter', async () => {
    const [, recipient] = await commandsFor({ ...OURS, recipients: ['"a b"@rcpt.example'] });
    expect(recipient).toMatch(/ ORCPT=rfc822;"a\+20b"@rcpt\.example$/);
  });

  it('nothing is asked for when the sender is no return path of ours', async () => {
    expect(await commandsFor({ sender: 'app@sender.example' })).toEqual([
      'MAIL FROM:<app@sender.example> SIZE=27',
      'RCPT TO:<one@rcpt.example>',
    ]);
  });

  it('a null sender stays one and asks for nothing: what is passed on must not answer itself', async () => {
    expect(await commandsFor({ sender: '' })).toEqual(['MAIL FROM:<> SIZE=27', 'RCPT TO:<one@rcpt.example>']);
  });
});

describe('Where it does not', () => {
  test.each([[[]], [['SIZE 1000']], [['X-DSN']], [['XDSN', 'NODSN']]])(
    'nothing is asked for: %j',
    async (announces) => {
      const [mail, recipient] = await commandsFor(OURS, announces);
      expect(mail).toMatch(/^MAIL FROM:<default22aa@bounces\.mine\.example>(?: SIZE=27)?$/);
      expect(recipient).toBe('RCPT TO:<one@rcpt.example>');
    },
  );
});

describe('threats §3 r20: nobody else writes these parameters', () => {
  test.each(['', 'x NOTIFY=NEVER', 'a\r\nRCPT TO:<x@y.example>', 'a>b', 'QQ314159', 'a'.repeat(101)])(
    'an envelope id that is not ours is refused: %j',
    (reportsAs) => {
      const envelope = { ...OURS, recipients: ['a@b.example'], size: 1, reportsAs };
      expect(envelopeProblem(envelope)).toMatch(/envelope id/);
    },
  );

  it('no address puts a space, a line break or a bracket into the parameter', () => {
    holds(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (local) => {
        const envelope: Envelope = { ...OURS, recipients: [`${local}@b.example`], size: 1 };
        const orcpt = reportWishes(envelope)?.orcpt ?? '';
        if (/^\p{ASCII}*$/u.test(local)) return;
        expect(orcpt).toMatch(/^utf-8;[!-~]+$/);
        expect(orcpt.slice('utf-8;'.length)).not.toMatch(/[+=]/);
      }),
      500,
    );
  });

  it('of several recipients none is named', () => {
    const wishes = reportWishes({ ...OURS, recipients: ['a@b.example', 'c@b.example'], size: 1 });
    expect(wishes).toMatchObject({ envid: MAIL });
    expect(wishes).not.toHaveProperty('orcpt');
  });
});
