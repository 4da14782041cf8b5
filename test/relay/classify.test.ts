import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { HOLD_RETRY_MS, judge, PAUSE_MS, type Place } from '../../src/relay/classify.ts';
import { type Reply, readReply } from '../../src/relay/reply.ts';
import { AT_MAIL, AT_RCPT, PEER, ROWS } from './reply-table.ts';
import { holds } from './support.ts';

function reply(text: string): Reply {
  const read = readReply(text);
  if (read.code === null) throw new Error(`unreadable: ${text}`);
  return read;
}

/** A verdict in a few words, so that a row of the table is a line here. */
function wordsFor(text: string, place: Place): string {
  const { verdict, condition, tooMany } = judge(reply(text), place);
  const words: string[] = [verdict.kind];
  if (verdict.kind === 'failed') words.push(verdict.reason, ...(verdict.suppress ? ['suppress'] : []));
  if (verdict.kind === 'deferred') {
    words.push(
      verdict.cause,
      ...(verdict.greylisted ? ['later'] : []),
      ...(verdict.elsewhere ? ['elsewhere'] : []),
    );
  }
  if (verdict.kind === 'back') words.push(verdict.cause, ...(verdict.elsewhere ? ['elsewhere'] : []));
  if (condition.kind !== 'well') words.push(`(${condition.kind})`);
  if (tooMany) words.push('[fewer]');
  return words.join(' ');
}

for (const [row, cases] of ROWS) {
  describe(row, () => {
    test.each(cases)('%s', (text, place, expected) => {
      expect(wordsFor(text, place)).toBe(expected);
    });
  });
}

describe('What a verdict carries', () => {
  it('a refusal is a bounce with the words of the relay', () => {
    const { verdict } = judge(reply('550 5.1.1 user unknown'), AT_RCPT);
    const response = '550 5.1.1 user unknown';
    expect(verdict).toEqual({
      kind: 'failed',
      phase: 'rcpt',
      reason: 'user_unknown',
      smtp: { code: 550, enhancedCode: '5.1.1', response, remoteHost: 'mx.example', tls: 'TLSv1.3' },
      bounce: {
        type: 'Permanent',
        subType: 'NoEmail',
        message: response,
        diagnosticCode: [`smtp; ${response}`],
      },
      suppress: true,
    });
  });

  test.each([
    ['550 5.1.1 unknown', 'NoEmail'],
    ['550 5.2.3 large', 'MessageTooLarge'],
    ['552 5.3.4 large', 'MessageTooLarge'],
    ['554 5.6.0 content refused', 'ContentRejected'],
    ['554 5.7.1 message looks like spam', 'ContentRejected'],
    ['554 5.7.1 attachment type not allowed', 'AttachmentRejected'],
    ['550 5.7.26 sender is not authenticated', 'General'],
    ['550 5.4.1 denied', 'General'],
    ['550 5.1.2 host', 'General'],
    ['554 rejected', 'Undetermined'],
  ] as const)('the bounce of %j has subType %s', (text, subType) => {
    const { verdict } = judge(reply(text), AT_RCPT);
    expect(verdict.kind === 'failed' && verdict.bounce?.subType).toBe(subType);
  });

  it('a held relay gets its work back after ten minutes, a pausing one after a minute', () => {
    const held = judge(reply('535 5.7.8 no'), AT_MAIL);
    expect(held.verdict).toMatchObject({ kind: 'back', retryInMs: HOLD_RETRY_MS });
    const paused = judge(reply('421 later'), AT_MAIL);
    expect(paused.condition).toMatchObject({ kind: 'pause', forMs: PAUSE_MS });
  });
});

const anyReply = fc.record({
  code: fc.integer({ min: 200, max: 599 }),
  enhancedCode: fc.option(
    fc.tuple(fc.constantFrom(4, 5), fc.nat(12), fc.nat(30)).map((numbers) => numbers.join('.')),
  ),
  text: fc.constantFrom('', 'user unknown', 'greylisted', 'mailbox full', 'spam'),
});
const anyPlace = fc.record({
  phase: fc.constantFrom('mail', 'rcpt', 'data', 'body', 'dot'),
  alone: fc.boolean(),
  othersTaken: fc.boolean(),
  peer: fc.constant(PEER),
});

describe('For every reply there is', () => {
  const check = (property: (reply: Reply, place: Place) => void): void =>
    holds(fc.property(anyReply, anyPlace, property), 5000);

  it('anything below 500, and any 4.x.x, is never final', () => {
    check((given, place) => {
      const isSoft =
        (given.code >= 400 && given.code < 500) || (given.code >= 500 && given.enhancedCode?.[0] === '4');
      if (isSoft) expect(judge(given, place).verdict.kind).not.toBe('failed');
    });
  });

  it('nothing but a 2yz is sent, and a reply that was read is unknown only when it means nothing', () => {
    check((given, place) => {
      const { kind } = judge(given, place).verdict;
      expect(kind === 'sent').toBe(given.code < 300);
      if (kind === 'unknown') expect(place.phase === 'dot' && given.code < 400).toBe(true);
    });
  });

  it('only a reply about this one recipient, not about the sender, can suppress it', () => {
    check((given, place) => {
      const { verdict } = judge(given, place);
      if (verdict.kind !== 'failed' || !verdict.suppress) return;
      expect(place.phase).not.toBe('mail');
      expect(place.alone || place.phase === 'rcpt').toBe(true);
      expect(given.enhancedCode?.startsWith('5.7.') ?? false).toBe(false);
    });
  });

  it('after the dot no other relay is tried', () => {
    check((given, place) => {
      const { verdict } = judge(given, { ...place, phase: 'dot' });
      if ('elsewhere' in verdict) expect(verdict.elsewhere).toBe(false);
    });
  });
});
