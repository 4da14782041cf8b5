import { describe, expect, it } from 'vitest';
import {
  answerForbidden,
  forwardForbidden,
  isTooDeep,
  LOOP_HEADER,
  MAX_FORWARDS,
  MAX_RECEIVED,
} from '../../src/mime/loop.ts';
import type { ParsedField } from '../../src/mime/parsed.ts';

function fieldsOf(...lines: readonly string[]): readonly ParsedField[] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
  });
}

function received(count: number): readonly ParsedField[] {
  return Array.from({ length: count }, () => ({ name: 'received', value: 'from a by b' }));
}

describe('threats §15 r1: mail that a program wrote is neither answered nor bounced', () => {
  it.each([
    ['Auto-Submitted: auto-replied', 'auto_submitted'],
    ['Auto-Submitted: auto-generated', 'auto_submitted'],
    ['Auto-Submitted: nothing-known', 'auto_submitted'],
    ['Precedence: bulk', 'precedence'],
    ['Precedence: LIST', 'precedence'],
    ['Precedence: junk', 'precedence'],
    ['List-Id: <talk.lists.example>', 'list'],
    ['List-Unsubscribe: <mailto:leave@lists.example>', 'list'],
    ['X-Auto-Response-Suppress: All', 'auto_response_suppress'],
    ['X-Loop: somebody', 'own_loop_header'],
    [`${LOOP_HEADER}: somebody`, 'own_loop_header'],
    ['From: Mail Delivery <MAILER-DAEMON@b.example>', 'mailer_daemon'],
    ['Return-Path: <>', 'null_sender'],
  ])('%s', (field, rule) => {
    expect(answerForbidden({ fields: fieldsOf('Subject: x', field), envelopeFrom: 'ann@b.example' })).toBe(
      rule,
    );
  });

  it.each([
    ['', 'null_sender'],
    ['<>', 'null_sender'],
    ['MAILER-DAEMON@b.example', 'mailer_daemon'],
    ['postmaster@b.example', 'mailer_daemon'],
    ['talk-request@lists.example', 'mailer_daemon'],
    ['owner-talk@lists.example', 'mailer_daemon'],
  ])('from the envelope sender "%s"', (envelopeFrom, rule) => {
    expect(answerForbidden({ fields: [], envelopeFrom })).toBe(rule);
  });

  it('mail of a person may be answered', () => {
    const fields = fieldsOf(
      'From: Ann <ann@b.example>',
      'Auto-Submitted: no',
      'Precedence: first-class',
      'X-Auto-Response-Suppress: None',
      'Listen: x',
    );
    expect(answerForbidden({ fields, envelopeFrom: 'ann@b.example' })).toBeNull();
  });
});

describe('threats §15 r2: a mail with 31 Received lines is kept and not passed on', () => {
  it('31 are too many, 30 are not', () => {
    expect(isTooDeep(received(MAX_RECEIVED))).toBe(false);
    expect(isTooDeep(received(MAX_RECEIVED + 1))).toBe(true);
    expect(forwardForbidden({ fields: received(30), token: 't' })).toBeNull();
    expect(forwardForbidden({ fields: received(31), token: 't' })).toBe('received');
    expect(answerForbidden({ fields: received(31), envelopeFrom: 'ann@b.example' })).toBe('received');
  });
});

/** How often a mail is passed on when the accounts of these tokens forward to each other in a ring. */
function hopsAround(tokens: readonly string[], limit = 100): number {
  let fields: readonly ParsedField[] = fieldsOf('From: Ann <ann@b.example>');
  for (let hop = 0; hop < limit; hop += 1) {
    const token = tokens[hop % tokens.length] ?? '';
    if (forwardForbidden({ fields, token }) !== null) return hop;
    fields = [{ name: LOOP_HEADER.toLowerCase(), value: token }, ...received(1), ...fields];
  }
  return limit;
}

describe('forwarding ends', () => {
  it('threats §15 r3: two instances that forward to each other stop within 3 messages', () => {
    expect(hopsAround(['one', 'two'])).toBe(2);
  });

  it('threats §15 r4: a rule to its own address, and a chain of 10 accounts, are stopped by the loop header', () => {
    expect(hopsAround(['one'])).toBe(1);
    expect(hopsAround(Array.from({ length: 10 }, (_, i) => `account-${i}`))).toBe(MAX_FORWARDS);
  });

  it('even where every hop has a new token', () => {
    expect(hopsAround(Array.from({ length: 100 }, (_, i) => `token-${i}`))).toBeLessThanOrEqual(MAX_FORWARDS);
  });

  it('automatic mail may be passed on: it keeps its null sender', () => {
    expect(forwardForbidden({ fields: fieldsOf('Auto-Submitted: auto-replied'), token: 't' })).toBeNull();
  });
});
