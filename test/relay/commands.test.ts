import { describe, expect, it, test } from 'vitest';
import { readCapabilities } from '../../src/relay/capabilities.ts';
import { mailCommand, rcptCommand } from '../../src/relay/commands.ts';
import type { Envelope } from '../../src/relay/relay.ts';

const ALL = readCapabilities('250-here\n250-SIZE 1000\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n250 PIPELINING');
const NOTHING = readCapabilities('250 here');
const PLAIN: Envelope = { sender: 'app@sender.example', recipients: ['one@rcpt.example'], size: 7 };

describe('MAIL', () => {
  test.each<[string, Partial<Envelope>, string]>([
    ['a plain message', {}, 'MAIL FROM:<app@sender.example> SIZE=7'],
    ['the null sender', { sender: '' }, 'MAIL FROM:<> SIZE=7'],
    ['a message of no bytes', { size: 0 }, 'MAIL FROM:<app@sender.example>'],
    ['an 8-bit body', { needs8BitMime: true }, 'MAIL FROM:<app@sender.example> BODY=8BITMIME SIZE=7'],
    ['an 8-bit header', { needsSmtpUtf8: true }, 'MAIL FROM:<app@sender.example> SMTPUTF8 SIZE=7'],
    [
      'an 8-bit recipient',
      { recipients: ['é@rcpt.example'] },
      'MAIL FROM:<app@sender.example> SMTPUTF8 SIZE=7',
    ],
    [
      'a wish for reports',
      { reportsAs: '0a-1' },
      'MAIL FROM:<app@sender.example> SIZE=7 RET=HDRS ENVID=0a-1',
    ],
  ])('of %s says what the server can use', (_, change, expected) => {
    expect(mailCommand({ ...PLAIN, ...change }, ALL)).toBe(expected);
  });

  it('has no parameter that the server does not offer', () => {
    const envelope = { ...PLAIN, needs8BitMime: true, needsSmtpUtf8: true, reportsAs: '0a-1' };
    expect(mailCommand(envelope, NOTHING)).toBe('MAIL FROM:<app@sender.example>');
    expect(rcptCommand('one@rcpt.example', envelope, NOTHING)).toBe('RCPT TO:<one@rcpt.example>');
  });
});

describe('RCPT with a wish for reports', () => {
  test.each([
    ['one@rcpt.example', 'rfc822;one@rcpt.example'],
    ['a+b=c@rcpt.example', 'rfc822;a+2Bb+3Dc@rcpt.example'],
  ])('names %s as the original recipient in xtext', (recipient, expected) => {
    const command = rcptCommand(recipient, { ...PLAIN, recipients: [recipient], reportsAs: '0a-1' }, ALL);
    expect(command).toBe(`RCPT TO:<${recipient}> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=${expected}`);
  });

  it('has no original recipient where one word would stand for several', () => {
    const envelope = { ...PLAIN, recipients: ['a@b.example', 'c@b.example'], reportsAs: '0a-1' };
    expect(rcptCommand('a@b.example', envelope, ALL)).toBe(
      'RCPT TO:<a@b.example> NOTIFY=SUCCESS,FAILURE,DELAY',
    );
  });
});
